"""What the tests of the HTTP routes are given."""

from tests.fixtures.clocks import clock
from tests.fixtures.databases import database_url, new_database, postgresql_server, sqlite_template, storage
from tests.fixtures.organisations import organisation
from tests.fixtures.passwords import quick_passwords
from tests.fixtures.programs import programs
from tests.fixtures.receivers import new_receiver, receiver
from tests.fixtures.stories import story

__all__ = [
    "clock",
    "database_url",
    "new_database",
    "new_receiver",
    "organisation",
    "postgresql_server",
    "programs",
    "quick_passwords",
    "receiver",
    "sqlite_template",
    "storage",
    "story",
]
