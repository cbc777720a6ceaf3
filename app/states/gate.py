"""The pages before sign-in: what a refused form is shown again with, and whether a one-time link still works."""

from typing import Any
from urllib.parse import quote

import reflex as rx

from app import refused_forms
from app.session import HOME, actor_of, local_path, open_to_all
from services import database, one_time_links, openid

_FIELDS = (refused_forms.WHOLE_FORM, "organisation", "name", "handle", "email", "password")


class Gate(rx.State):
    """What stands in the forms of these pages. `values` and `errors` go by the names of the fields.

    `waits_for_first` is true while the installation has nobody at all. `name` and `email` are those of the person whom a password link
    is for, and `welcome_to` is the organisation where they were invited to it. `provider` is by whom one may sign in
    beside a password, empty for nobody.
    """

    is_loaded: bool = False
    is_open: bool = False
    waits_for_first: bool = False
    token: str = ""
    next_path: str = ""
    goes_on_to: str = ""
    name: str = ""
    email: str = ""
    welcome_to: str = ""
    provider: str = ""
    provider_path: str = ""
    values: dict[str, str] = {}
    errors: dict[str, str] = {}

    @open_to_all
    async def load_sign_in(self) -> Any:
        """Show the sign-in form; who is signed in already goes on at once."""
        self.reset()  # type: ignore[no-untyped-call]
        wanted = local_path(self.router.url.query_parameters.get("next"))
        if await actor_of(self) is not None:
            return rx.redirect(wanted)
        self.next_path = "" if wanted == HOME else wanted
        self.goes_on_to = wanted.partition("?")[0].removeprefix("/incidents/") if wanted.startswith("/incidents/") else ""
        self.provider = openid.provider_name()
        self.provider_path = f"/auth/openid?next={quote(wanted, safe='/')}"
        self.waits_for_first = await database.run(one_time_links.waits_for_first_admin)
        self._show("/login")
        return None

    @open_to_all
    async def load_set_up(self) -> None:
        """Show the set-up form, where the link in the address opens it."""
        self._begin()
        self.is_open = await database.run(one_time_links.set_up_is_open, self.token)
        self.waits_for_first = await database.run(one_time_links.waits_for_first_admin)
        self._show("/setup")

    @open_to_all
    async def load_new_password(self) -> None:
        """Show the form for a new password, where the link in the address opens it."""
        self._begin()
        invited = await database.run(one_time_links.whom_it_is_for, self.token)
        if invited is not None:
            self.name, self.email, self.is_open = invited.name, invited.email, True
            self.welcome_to = invited.organisation if invited.is_first else ""
        self._show("/new-password")

    def _begin(self) -> None:
        self.reset()  # type: ignore[no-untyped-call]
        self.token = self.router.url.query_parameters.get("token", "")[:100]

    def _show(self, page: str) -> None:
        refused = refused_forms.unseal(self.router.headers.cookie, page)
        # the page looks each of them up, and a name that is not there would be no text
        self.values = dict.fromkeys(_FIELDS, "") | refused.values
        self.errors = dict.fromkeys(_FIELDS, "") | refused.errors
        self.is_loaded = True
