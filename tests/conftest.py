"""What tests on every level are given: the running server and a browser."""

from tests.fixtures.browsers import browser, new_page, page, signed_in
from tests.fixtures.servers import new_server, page_bundle, server

__all__ = ["browser", "new_page", "new_server", "page", "page_bundle", "server", "signed_in"]
