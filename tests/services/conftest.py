"""What the tests of the services are given."""

from tests.fixtures.clocks import clock
from tests.fixtures.databases import database_url, new_database, no_database_again, postgresql_server, sqlite_template, storage
from tests.fixtures.organisations import organisation
from tests.fixtures.passwords import quick_passwords
from tests.fixtures.receivers import new_receiver, receiver
from tests.fixtures.stories import story

__all__ = [
    "clock",
    "database_url",
    "new_database",
    "new_receiver",
    "no_database_again",
    "organisation",
    "postgresql_server",
    "quick_passwords",
    "receiver",
    "sqlite_template",
    "storage",
    "story",
]
