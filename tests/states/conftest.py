"""What the tests of page states are given."""

from tests.fixtures.clocks import clock
from tests.fixtures.databases import database_url, new_database, postgresql_server, sqlite_template, storage
from tests.fixtures.forged_tabs import forge
from tests.fixtures.organisations import organisation
from tests.fixtures.passwords import quick_passwords
from tests.fixtures.receivers import new_receiver, receiver
from tests.fixtures.stories import story
from tests.fixtures.tabs import open_sockets

__all__ = [
    "clock",
    "database_url",
    "forge",
    "new_database",
    "new_receiver",
    "open_sockets",
    "organisation",
    "postgresql_server",
    "quick_passwords",
    "receiver",
    "sqlite_template",
    "storage",
    "story",
]
