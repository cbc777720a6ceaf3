"""The keys by which programs use the API, as admins see them: who has which, when it was last used, new ones, and the end of one."""

from typing import Any
from uuid import UUID

from app.session import requires, while_signed_in
from app.states.profile import complaints
from app.states.shell import Shell
from models.vocabulary import Role
from services import account_input, api_keys, database, live_updates
from services.access import Actor
from services.errors import NotFoundError, RefusedError
from services.views import ApiKeyRow

_LOOK_SECONDS = 60.0
"""How often a page that nothing happens to reads again: a key ends with time alone."""
_FIELDS = ("name", "role", "expires_at")


class ApiKeys(Shell):
    """What the page shows. `token` is a key that was just made, called `token_for`; it is shown until its dialog is closed.

    `revoking` is the id of the key that the confirmation is about, empty while it is closed, and `revoking_name` what it is called.
    """

    rows: list[ApiKeyRow] = []
    errors: dict[str, str] = dict.fromkeys(_FIELDS, "")
    refusal: str = ""
    is_making: bool = False
    token: str = ""
    token_for: str = ""
    revoking: str = ""
    revoking_name: str = ""
    is_loaded: bool = False

    @requires(Role.ADMIN)
    async def load(self, actor: Actor) -> Any:
        """Show the keys."""
        await self._open(actor)
        return ApiKeys.watch

    async def _fill(self, actor: Actor) -> None:
        await super()._fill(actor)
        await self._read(actor)
        self.is_loaded = True

    async def _read(self, actor: Actor) -> None:
        self.rows = await database.run(api_keys.key_rows, actor)

    @requires(Role.ADMIN, background=True)
    async def watch(self, actor: Actor) -> None:
        """Follow keys that are made, used and ended."""
        async with while_signed_in(self, actor):
            with live_updates.hub.subscribe(live_updates.api_keys_topic(actor.tenant_id)) as subscription:
                known: list[ApiKeyRow] | None = None
                while True:
                    rows = await database.run(api_keys.key_rows, actor)
                    if rows != known:
                        known = rows
                        async with self:
                            self.rows = rows
                    await subscription.wait(_LOOK_SECONDS)

    @requires(Role.ADMIN)
    def ask_for_key(self, actor: Actor, wanted: bool) -> None:
        """Open or close the dialog that makes a key."""
        self.is_making = wanted
        self._complain({})

    @requires(Role.ADMIN)
    async def make(self, actor: Actor, form: dict[str, Any]) -> None:
        """Make a key and show it. A refusal leaves the dialog open."""
        self._complain({})
        name = str(form.get("name", ""))
        try:
            made = await database.run(
                api_keys.create,
                actor,
                name,
                account_input.check_role(str(form.get("role", ""))),
                expires_at=api_keys.end_of_day(str(form.get("expires_at", "")), self.nav.zone or "UTC"),
            )
        except RefusedError as refusal:
            found = {field: sentence for field, sentence in complaints(refusal).items() if field in _FIELDS}
            self._complain(found, "" if found else refusal.message)
            return
        self.is_making = False
        self.token, self.token_for = made.token, " ".join(name.split())
        await self._read(actor)

    @requires(Role.ADMIN)
    def close_token(self, actor: Actor, wanted: bool) -> None:
        """Forget the key that is shown."""
        if not wanted:
            self.token = self.token_for = ""

    @requires(Role.ADMIN)
    async def ask_to_revoke(self, actor: Actor, key_id: str) -> None:
        """Ask whether to end this key."""
        await self._read(actor)
        row = next((row for row in self.rows if row.id == key_id and row.state != "revoked"), None)
        if row is None:
            raise NotFoundError("There is no such key any more.")
        self.revoking, self.revoking_name = row.id, row.name

    @requires(Role.ADMIN)
    def set_revoking(self, actor: Actor, wanted: bool) -> None:
        """Close the confirmation."""
        if not wanted:
            self.revoking = self.revoking_name = ""

    @requires(Role.ADMIN)
    async def revoke(self, actor: Actor, key_id: str) -> None:
        """End a key, for whoever holds it."""
        self.revoking = self.revoking_name = ""
        try:
            found = UUID(key_id)
        except ValueError:
            raise NotFoundError("There is no such key any more.") from None
        name = await database.run(api_keys.revoke, actor, found)
        await self._read(actor)
        self.say(f"{name} is revoked: whoever uses it is refused.")

    def _complain(self, errors: dict[str, str], refusal: str = "") -> None:
        self.errors = dict.fromkeys(_FIELDS, "") | errors
        self.refusal = refusal
