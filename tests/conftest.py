"""What tests on every level are given: the running server and a browser."""

from tests.fixtures.browsers import browser, new_page, page, signed_in
from tests.fixtures.lines import new_line
from tests.fixtures.nginx import new_proxy
from tests.fixtures.northwind import as_person, new_northwind, northwind
from tests.fixtures.servers import new_server, page_bundle, server

__all__ = [
    "as_person",
    "browser",
    "new_line",
    "new_northwind",
    "new_page",
    "new_proxy",
    "new_server",
    "northwind",
    "page",
    "page_bundle",
    "server",
    "signed_in",
]
