"""What can be broken: the services of the organisation, and their making and change by managers."""

from typing import Any
from uuid import UUID

from app.session import requires, while_signed_in
from app.states.profile import complaints
from app.states.shell import Shell
from models.vocabulary import Role
from services import catalog, database, followers, teams
from services.access import Actor
from services.errors import NotFoundError, RefusedError
from services.views import ChoiceView, ServiceRow

_QUIET_SECONDS = 3600.0
_FIELDS = ("name", "owner_team_id", "description", "runbook_url", "checklist")


class Services(Shell):
    """What the page shows. `followed` are the ids of the services that the reader follows.

    `edited` is the service that the dialog is about, as it was when it opened; one without an id is a new one. `edited_lines` is its
    checklist, one item a line; `owners` are the teams that can own it.
    """

    rows: list[ServiceRow] = []
    archived: list[ServiceRow] = []
    followed: list[str] = []
    is_loaded: bool = False
    is_editing: bool = False
    edited: ServiceRow = ServiceRow()
    edited_lines: str = ""
    owners: list[ChoiceView] = []
    errors: dict[str, str] = dict.fromkeys(_FIELDS, "")
    refusal: str = ""

    @requires(Role.VIEWER)
    async def load(self, actor: Actor) -> Any:
        """Show the services."""
        await self._open(actor)
        return Services.watch

    async def _fill(self, actor: Actor) -> None:
        await super()._fill(actor)
        await self._read(actor)
        self.is_loaded = True

    async def _read(self, actor: Actor) -> None:
        self._show(await database.run(catalog.rows, actor))
        self.followed = sorted(one.hex for one in await database.run(followers.followed_services, actor))

    @requires(Role.VIEWER)
    async def follow_it(self, actor: Actor, service_id: str, follows: bool) -> None:
        """Be told of its new incidents and of their moves, or not any more."""
        await self._read(actor)
        row = self._known(service_id)
        await database.run(followers.follow_service, actor, UUID(row.id), follows)
        await self._read(actor)
        words = f"You are told of each incident of {row.name} and of its moves."
        self.say(words if follows else f"You do not follow {row.name} any more.")

    def _show(self, rows: list[ServiceRow]) -> None:
        self.rows = [row for row in rows if not row.archived_at]
        self.archived = [row for row in rows if row.archived_at]

    @requires(Role.VIEWER, background=True)
    async def watch(self, actor: Actor) -> None:
        """Follow the services, and how many of their incidents are unresolved."""
        async with while_signed_in(self, actor), catalog.feed.follow(actor.tenant_id) as follower:
            known: list[ServiceRow] | None = None
            rows: list[ServiceRow] | None = await database.run(catalog.rows, actor)  # what came before this followed
            while True:
                if rows is not None and rows != known:
                    known = rows
                    async with self:
                        self._show(rows)
                rows = await follower.next(_QUIET_SECONDS)

    @requires(Role.MANAGER)
    async def ask_for_service(self, actor: Actor, service_id: str) -> None:
        """Open the dialog that changes a service, or with an empty id the one that makes one."""
        self._complain({})
        await self._read(actor)
        self.edited = self._known(service_id) if service_id else ServiceRow()
        self.edited_lines = "\n".join(self.edited.checklist)
        self.owners = [ChoiceView("", "Nobody's")]
        self.owners += [ChoiceView(team.id.hex, team.name) for team in await database.run(teams.teams, actor)]
        self.is_editing = True

    def _known(self, service_id: str) -> ServiceRow:
        found = next((row for row in [*self.rows, *self.archived] if row.id == service_id), None)
        if found is None:
            raise NotFoundError("There is no such service.")
        return found

    @requires(Role.MANAGER)
    def set_editing(self, actor: Actor, wanted: bool) -> None:
        """Close the dialog."""
        self.is_editing = self.is_editing and wanted

    @requires(Role.MANAGER)
    async def save(self, actor: Actor, form: dict[str, Any]) -> None:
        """Make the service, or change the one that the dialog is about. A refusal leaves the dialog open."""
        self._complain({})
        given: dict[str, Any] = {field: str(form.get(field, "")) for field in ("name", "description", "runbook_url")}
        given["checklist"] = str(form.get("checklist", "")).splitlines()
        try:
            given["owner_team_id"] = _team(str(form.get("owner_team_id", "")))
            if self.edited.id:
                saved = await database.run(catalog.change, actor, UUID(self.edited.id), version=self.edited.version, **given)
            else:
                saved = await database.run(catalog.create, actor, **given)
        except RefusedError as refusal:
            found = {field: sentence for field, sentence in complaints(refusal).items() if field in _FIELDS}
            self._complain(found, "" if found else refusal.message)
            return
        self.is_editing = False
        await self._read(actor)
        self.say(f"{saved.name} is saved." if self.edited.id else f"{saved.name} is there: incidents can name it.")

    @requires(Role.MANAGER)
    async def archive(self, actor: Actor, service_id: str, archived: bool) -> None:
        """Take it out of use, or back into it. Incidents that name it keep naming it."""
        await self._read(actor)
        row = self._known(service_id)
        await database.run(catalog.change, actor, UUID(row.id), archived=archived)
        await self._read(actor)
        what = "is archived: its incidents keep naming it, and nothing new can." if archived else "is in use again."
        self.say(f"{row.name} {what}")

    def _complain(self, errors: dict[str, str], refusal: str = "") -> None:
        self.errors = dict.fromkeys(_FIELDS, "") | errors
        self.refusal = refusal


def _team(text: str) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError("There is no such team.") from None
