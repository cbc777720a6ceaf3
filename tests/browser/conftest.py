"""What tests of pages are given beside what all are given: databases to put a server on, and an organisation where nothing is open."""

from collections.abc import Iterator

import pytest

from tests.fixtures.databases import new_database, postgresql_server, sqlite_template
from tests.fixtures.northwind import Northwind

__all__ = ["new_database", "postgresql_server", "sqlite_template"]


@pytest.fixture(autouse=True)
def nothing_is_left_open(request: pytest.FixtureRequest) -> Iterator[None]:
    """The list shows the longest waiting incidents first, and no more than fit: those of earlier tests would hide a test's own."""
    northwind: Northwind | None = request.getfixturevalue("northwind") if "northwind" in request.fixturenames else None
    yield
    if northwind is not None:
        northwind.resolve_all()
