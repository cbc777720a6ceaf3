"""The teams of the organisation: who is in which, and their making and change by managers."""

from typing import Any
from uuid import UUID

from app.session import requires, while_signed_in
from app.states.profile import complaints
from app.states.shell import Shell
from models.vocabulary import Role
from services import database, live_updates, teams
from services.access import Actor
from services.errors import NotFoundError, RefusedError
from services.views import MemberView, TeamRow

_LOOK_SECONDS = 3600.0
_FIELDS = ("name", "handle", "description", "members")
_MEMBER = "member-"


class Teams(Shell):
    """What the page shows. `edited` is the team that the dialog is about, as it was when it opened; one without an id is a new one.

    `candidates` are the people who can be in it.
    """

    rows: list[TeamRow] = []
    is_loaded: bool = False
    is_editing: bool = False
    edited: TeamRow = TeamRow()
    candidates: list[MemberView] = []
    errors: dict[str, str] = dict.fromkeys(_FIELDS, "")
    refusal: str = ""

    @requires(Role.VIEWER)
    async def load(self, actor: Actor) -> Any:
        """Show the teams."""
        await self._open(actor)
        return Teams.watch

    async def _fill(self, actor: Actor) -> None:
        await super()._fill(actor)
        await self._read(actor)
        self.is_loaded = True

    async def _read(self, actor: Actor) -> None:
        self.rows = await database.run(teams.team_rows, actor)

    @requires(Role.VIEWER, background=True)
    async def watch(self, actor: Actor) -> None:
        """Follow the teams, and what their people are called."""
        async with while_signed_in(self, actor):
            topics = live_updates.teams_topic(actor.tenant_id), live_updates.people_topic(actor.tenant_id)
            with live_updates.hub.subscribe(*topics) as subscription:
                while True:
                    rows = await database.run(teams.team_rows, actor)
                    async with self:
                        self.rows = rows
                    await subscription.wait(_LOOK_SECONDS)

    @requires(Role.MANAGER)
    async def ask_for_team(self, actor: Actor, team_id: str) -> None:
        """Open the dialog that changes a team, or with an empty id the one that makes one."""
        self._complain({})
        await self._read(actor)
        found = next((row for row in self.rows if row.id == team_id), None) if team_id else TeamRow()
        if found is None:
            raise NotFoundError("There is no such team.")
        self.candidates = await database.run(teams.candidates, actor, UUID(team_id) if team_id else None)
        self.edited, self.is_editing = found, True

    @requires(Role.MANAGER)
    def set_editing(self, actor: Actor, wanted: bool) -> None:
        """Close the dialog."""
        self.is_editing = self.is_editing and wanted

    @requires(Role.MANAGER)
    async def save(self, actor: Actor, form: dict[str, Any]) -> None:
        """Make the team, or change the one that the dialog is about. A refusal leaves the dialog open."""
        self._complain({})
        given = {field: str(form.get(field, "")) for field in ("name", "handle", "description")}
        try:
            members = [_id(name.removeprefix(_MEMBER)) for name in form if name.startswith(_MEMBER)]
            if self.edited.id:
                team_id, version = UUID(self.edited.id), self.edited.version
                saved = await database.run(teams.change, actor, team_id, **given, members=members, version=version)
            else:
                saved = await database.run(teams.create, actor, given.pop("name"), **given, members=members)
        except RefusedError as refusal:
            found = {field: sentence for field, sentence in complaints(refusal).items() if field in _FIELDS}
            self._complain(found, "" if found else refusal.message)
            return
        self.is_editing = False
        await self._read(actor)
        self.say(f"{saved.name} is saved." if self.edited.id else f"{saved.name} is there: mention it as @{saved.handle}.")

    def _complain(self, errors: dict[str, str], refusal: str = "") -> None:
        self.errors = dict.fromkeys(_FIELDS, "") | errors
        self.refusal = refusal


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError("There is no such person.") from None
