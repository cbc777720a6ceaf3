"""What the tests of page states are given."""

from tests.fixtures.clocks import clock
from tests.fixtures.databases import database_url, new_database, postgresql_server, sqlite_template, storage
from tests.fixtures.forged_tabs import forge
from tests.fixtures.organisations import organisation
from tests.fixtures.passwords import quick_passwords
from tests.fixtures.stories import story
from tests.fixtures.tabs import open_sockets

__all__ = [
    "clock",
    "database_url",
    "forge",
    "new_database",
    "open_sockets",
    "organisation",
    "postgresql_server",
    "quick_passwords",
    "sqlite_template",
    "storage",
    "story",
]
