"""The people of the organisation, as admins see them: who there is, new ones, and links for a lost password."""

from typing import Any
from uuid import UUID

from app.session import requires, while_signed_in
from app.states.profile import complaints
from app.states.shell import Shell
from models.vocabulary import Role
from services import account_input, database, live_updates, one_time_links, people
from services.access import Actor
from services.errors import NotFoundError, RefusedError
from services.views import PersonRow

_LOOK_SECONDS = 3600.0
_FIELDS = ("name", "email", "handle", "role")


class People(Shell):
    """What the page shows. `link` is a password link that was just made, for `link_for`; it is shown until its dialog is closed."""

    rows: list[PersonRow] = []
    errors: dict[str, str] = dict.fromkeys(_FIELDS, "")
    refusal: str = ""
    is_making: bool = False
    link: str = ""
    link_for: str = ""
    is_loaded: bool = False

    @requires(Role.ADMIN)
    async def load(self, actor: Actor) -> Any:
        """Show everybody."""
        await self._open(actor)
        return People.watch

    async def _fill(self, actor: Actor) -> None:
        await super()._fill(actor)
        self.rows = await database.run(people.person_rows, actor)
        self.is_loaded = True

    @requires(Role.ADMIN, background=True)
    async def watch(self, actor: Actor) -> None:
        """Follow who comes, and what people change of themselves."""
        async with while_signed_in(self, actor):
            with live_updates.hub.subscribe(live_updates.people_topic(actor.tenant_id)) as subscription:
                while True:
                    rows = await database.run(people.person_rows, actor)
                    async with self:
                        self.rows = rows
                    await subscription.wait(_LOOK_SECONDS)

    @requires(Role.ADMIN)
    def ask_for_person(self, actor: Actor, wanted: bool) -> None:
        """Open or close the dialog that makes somebody."""
        self.is_making = wanted
        self._complain({})

    @requires(Role.ADMIN)
    async def make_person(self, actor: Actor, form: dict[str, Any]) -> None:
        """Make somebody, and a link with which they choose their password. A refusal leaves the dialog open."""
        self._complain({})
        try:
            made = await database.run(
                people.create_person,
                actor,
                email=str(form.get("email", "")),
                name=str(form.get("name", "")),
                handle=str(form.get("handle", "")) or None,
                role=account_input.check_role(str(form.get("role", ""))),
            )
        except RefusedError as refusal:
            found = complaints(refusal)
            self._complain(found, "" if found else refusal.message)
            return
        self.is_making = False
        await self._show_link(actor, made.id, made.name)
        self.rows = await database.run(people.person_rows, actor)

    @requires(Role.ADMIN)
    async def make_link(self, actor: Actor, user_id: str) -> None:
        """Make a link with which somebody gives themselves a new password, and show it."""
        row = next((row for row in self.rows if row.person.id == user_id), None)
        if row is None:
            raise NotFoundError("There is no such person.")
        await self._show_link(actor, UUID(row.person.id), row.person.name)

    async def _show_link(self, actor: Actor, user_id: UUID, name: str) -> None:
        token = await database.run(one_time_links.make_password_link, actor, user_id)
        self.link, self.link_for = one_time_links.password_address(token), name

    @requires(Role.ADMIN)
    def close_link(self, actor: Actor, wanted: bool) -> None:
        """Forget the link that is shown."""
        if not wanted:
            self.link = self.link_for = ""

    def _complain(self, errors: dict[str, str], refusal: str = "") -> None:
        self.errors = dict.fromkeys(_FIELDS, "") | errors
        self.refusal = refusal
