"""What tests of pages are given beside what all are given: databases to put a server on."""

from tests.fixtures.databases import new_database, postgresql_server, sqlite_template

__all__ = ["new_database", "postgresql_server", "sqlite_template"]
