"""Organisations do not see each other: whichever way a statement reads or changes, it gets its own rows or is refused."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, exists, func, insert, select, text, union_all, update
from sqlalchemy.orm import aliased
from sqlmodel import Session

from models import people, tenants
from models.columns import new_id
from models.vocabulary import ActorKind, Role
from services import database
from services.database import NoTenantError
from tests.fixtures.organisations import Organisation

# the statements here are built on purpose in every way there is, so their types are left open
User: Any = people.User
ActorRow: Any = people.ActorRow
Tenant: Any = tenants.Tenant
OWN = {"alice", "mina", "rob", "vera"}
HANDLES = User.__table__.c.handle
other = aliased(User)
people_and_names = select(User.handle, ActorRow.name).join(ActorRow, ActorRow.id == User.id).subquery()
found = select(User.handle).cte("found")

READS: dict[str, Any] = {
    "entities": select(User),
    "columns": select(User.handle),
    "aliases": select(other.handle),
    "joins": select(User.handle).join(ActorRow, ActorRow.id == User.id),
    "outer joins": select(User.handle).select_from(ActorRow).outerjoin(User, User.id == ActorRow.id).where(User.handle.is_not(None)),
    "joins on nothing": select(User.handle).join(Tenant, Tenant.next_number == 1),
    "subqueries": select(people_and_names.c.handle),
    "common table expressions": select(found.c.handle),
    "unions": union_all(select(User.handle).where(User.active), select(User.handle).where(~User.active)),
    "in a subquery": select(User.handle).where(User.id.in_(select(ActorRow.id))),
    "exists": select(User.handle).where(exists().where(ActorRow.id == User.id)),
    "distinct groups": select(User.handle).group_by(User.handle).having(func.count() > 0),
    "scalar subqueries": select(User.handle).where(select(func.count()).select_from(ActorRow).scalar_subquery() > 0),
}


def handles(session: Session, statement: Any) -> set[str]:
    return {value.handle if isinstance(value, User) else value for value in session.execute(statement).scalars()}


@pytest.mark.parametrize("way", READS)
def test_a_read_sees_its_own_organisation_only(organisation: Organisation, way: str) -> None:
    with database.read(organisation.tenant_id) as session:
        assert handles(session, READS[way]) == OWN
    with database.read(organisation.stranger.tenant_id) as session:
        assert handles(session, READS[way]) == {"sten"}


@pytest.mark.parametrize("way", READS)
def test_a_read_without_an_organisation_is_refused(organisation: Organisation, way: str) -> None:
    with database.TenantSession(database.storage().read_engine) as session, pytest.raises(NoTenantError):
        session.execute(READS[way]).all()


def test_counts_count_own_rows(organisation: Organisation) -> None:
    counts = [
        select(func.count()).select_from(User),
        select(func.count(User.id)),
        select(func.count()).select_from(select(User.id).subquery()),
        select(select(func.count()).select_from(User).scalar_subquery()),
    ]
    with database.read(organisation.tenant_id) as session:
        assert [session.execute(count).scalar_one() for count in counts] == [4, 4, 4, 4]


def test_a_row_of_another_organisation_is_not_there(organisation: Organisation) -> None:
    with database.read(organisation.tenant_id) as session:
        assert session.get(User, organisation.stranger.id) is None
        assert session.get(Tenant, organisation.stranger.tenant_id) is None
        assert session.execute(select(User).where(User.id == organisation.stranger.id)).first() is None


def changed(tx: database.Tx, statement: Any) -> int:
    result: Any = tx.session.execute(statement)
    return int(result.rowcount)


def test_a_bulk_update_changes_own_rows_only(organisation: Organisation) -> None:
    with database.write(organisation.tenant_id) as tx:
        assert changed(tx, update(User).values(shortcuts=False)) == 4
        assert changed(tx, update(User).where(User.id == organisation.stranger.id).values(active=False)) == 0
    with database.read(organisation.stranger.tenant_id) as session:
        assert session.execute(select(User.shortcuts, User.active)).one() == (True, True)


def test_a_bulk_delete_removes_own_rows_only(organisation: Organisation) -> None:
    with database.write(organisation.tenant_id) as tx:
        tx.session.execute(delete(User))
    with database.read(organisation.stranger.tenant_id) as session:
        assert handles(session, select(User.handle)) == {"sten"}


@pytest.mark.parametrize(
    "statement",
    [select(HANDLES), text("SELECT handle FROM actor"), update(User.__table__).values(active=False), delete(User.__table__)],
    ids=["select", "text", "update", "delete"],
)
def test_a_session_runs_no_statement_that_it_cannot_filter(organisation: Organisation, statement: Any) -> None:
    with database.write(organisation.tenant_id) as tx, pytest.raises(NoTenantError):
        tx.session.execute(statement)


def test_a_bare_statement_that_names_its_organisation_sees_that_one(organisation: Organisation) -> None:
    users = User.__table__
    with database.write(organisation.tenant_id) as tx:
        seen = tx.execute(select(users.c.handle).where(users.c.tenant_id == tx.tenant_id)).scalars()
        assert set(seen) == OWN


def test_rows_are_written_for_the_own_organisation(organisation: Organisation) -> None:
    with database.write(organisation.tenant_id) as tx:
        tx.insert(ActorRow, id=new_id(), kind=ActorKind.PERSON, name="Own", tenant_id=organisation.stranger.tenant_id)
    with database.read(organisation.stranger.tenant_id) as session:
        assert session.execute(select(ActorRow.name).where(ActorRow.name == "Own")).first() is None


WRITES: dict[str, Callable[[database.Tx, Organisation], Any]] = {
    "a new object": lambda tx, organisation: tx.session.add(
        ActorRow(tenant_id=organisation.stranger.tenant_id, kind=ActorKind.PERSON, name="Planted")
    ),
    "a statement": lambda tx, organisation: tx.session.execute(
        insert(ActorRow).values(id=new_id(), tenant_id=organisation.stranger.tenant_id, kind=ActorKind.PERSON, name="Planted")
    ),
    "an object moved": lambda tx, organisation: setattr(
        tx.session.get(User, organisation.viewer.id), "tenant_id", organisation.stranger.tenant_id
    ),
}


@pytest.mark.parametrize("way", WRITES)
def test_a_row_is_not_written_for_another_organisation(organisation: Organisation, way: str) -> None:
    with pytest.raises(NoTenantError), database.write(organisation.tenant_id) as tx:
        WRITES[way](tx, organisation)
    with database.read(organisation.stranger.tenant_id) as session:
        assert session.execute(select(func.count()).select_from(ActorRow)).scalar_one() == 2


def test_a_role_of_another_organisation_reaches_nothing_here(organisation: Organisation) -> None:
    assert organisation.stranger.role is Role.ADMIN
    with database.write(organisation.stranger.tenant_id) as tx:
        assert tx.session.get(User, organisation.admin.id) is None


def sources() -> Iterator[Path]:
    root = Path(__file__).resolve().parents[2]
    for folder in ("app", "services"):
        yield from (root / folder).rglob("*.py")


def test_only_named_modules_look_across_organisations() -> None:
    crossing = re.compile(r"(read|write)_everywhere\(|everywhere=True|\"everywhere\"|\b(place|storage\(\))\.look\(")
    users = {path.name for path in sources() if crossing.search(path.read_text())}
    assert users == {"across_tenants.py", "database.py", "sources.py"}
