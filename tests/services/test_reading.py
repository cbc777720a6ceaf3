"""What a reader sees while others write."""

from __future__ import annotations

import threading

from sqlmodel import select

from models.tenants import Tenant
from services import database
from tests.fixtures.organisations import Organisation


def test_all_statements_of_a_reader_see_one_state_of_the_database(organisation: Organisation) -> None:
    def rename(name: str) -> None:
        with database.write(organisation.tenant_id) as tx:
            tx.session.exec(select(Tenant)).one().name = name

    with database.read(organisation.tenant_id) as session:
        first = session.exec(select(Tenant.name)).one()
        writing = threading.Thread(target=rename, args=("Eastwind",))
        writing.start()
        writing.join()
        second = session.exec(select(Tenant.name)).one()
    with database.read(organisation.tenant_id) as session:
        later = session.exec(select(Tenant.name)).one()

    assert (first, second, later) == ("Northwind", "Northwind", "Eastwind")
