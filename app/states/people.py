"""The people of the organisation, as admins see them: who there is, who is invited, what they may do, and links for a password."""

import asyncio
from typing import Any
from uuid import UUID

from app.session import requires, while_signed_in
from app.states.profile import complaints
from app.states.shell import Shell
from models.vocabulary import Role
from services import account_input, database, departures, live_updates, membership, one_time_links, people
from services.access import Actor
from services.errors import InvalidInputError, NotFoundError, RefusedError
from services.membership import Changed
from services.one_time_links import NewLink
from services.people import Person
from services.views import ChoiceView, DepartureView, PersonRow
from services.wording import rfc3339

_LOOK_SECONDS = 60.0
"""How often a page that nothing happens to reads again: a link ends with time alone."""
_GAP_SECONDS = 0.3
_FIELDS = ("name", "email", "handle", "role", "manager_id")


class People(Shell):
    """What the page shows. `link` is a password link that was just made, for `link_for`; it is shown until its dialog is closed.

    `changing` is the person whom the dialog of changes is about, as they were when it was opened, and `managers` who can be the manager
    of whom a dialog is about. `leaving` is what the confirmation says would become of somebody's incidents, kept right while it is open,
    and `report` what became of them.
    """

    rows: list[PersonRow] = []
    errors: dict[str, str] = dict.fromkeys(_FIELDS, "")
    refusal: str = ""
    is_inviting: bool = False
    is_changing: bool = False
    changing: PersonRow = PersonRow()
    managers: list[ChoiceView] = []
    link: str = ""
    link_for: str = ""
    link_until: str = ""
    link_is_invitation: bool = False
    link_mailed: str = ""
    is_leaving: bool = False
    leaving: DepartureView = DepartureView()
    is_reporting: bool = False
    report: DepartureView = DepartureView()
    is_loaded: bool = False

    _unsent: tuple[Person, NewLink] | None = None

    @requires(Role.ADMIN)
    async def load(self, actor: Actor) -> Any:
        """Show everybody."""
        await self._open(actor)
        return People.watch

    async def _fill(self, actor: Actor) -> None:
        await super()._fill(actor)
        await self._read(actor)
        self.is_loaded = True

    async def _read(self, actor: Actor) -> None:
        self.rows = await database.run(membership.person_rows, actor)

    @requires(Role.ADMIN, background=True)
    async def watch(self, actor: Actor) -> None:
        """Follow who comes, what people change of themselves, and what other admins change."""
        async with while_signed_in(self, actor):
            of_people, of_incidents = live_updates.people_topic(actor.tenant_id), live_updates.incidents_topic(actor.tenant_id)
            with live_updates.hub.subscribe(of_people, of_incidents) as subscription:
                changed: set[str] = set()
                while True:
                    await self._follow_changes(actor, of_incidents_alone=changed == {of_incidents})
                    await asyncio.sleep(_GAP_SECONDS)
                    changed = await subscription.wait(_LOOK_SECONDS)

    async def _follow_changes(self, actor: Actor, *, of_incidents_alone: bool) -> None:
        """Read again what is on the screen; what incidents do concerns the open confirmation alone."""
        rows = None if of_incidents_alone else await database.run(membership.person_rows, actor)
        async with self:
            if rows is not None and rows != self.rows:
                self.rows = rows
            about = self.leaving.person.id if self.is_leaving else ""
        if not about:
            return
        leaving = await database.run(departures.preview_view, actor, UUID(about))
        async with self:
            if self.is_leaving and self.leaving.person.id == about and self.leaving != leaving:
                self.leaving = leaving

    @requires(Role.ADMIN)
    async def ask_to_invite(self, actor: Actor, wanted: bool) -> None:
        """Open or close the dialog that invites somebody."""
        self._complain({})
        if wanted:
            self.managers = await database.run(membership.manager_choices, actor)
        self.is_inviting = wanted

    @requires(Role.ADMIN)
    async def invite(self, actor: Actor, form: dict[str, Any]) -> Any:
        """Make somebody, and a link with which they choose their password; it is mailed. A refusal leaves the dialog open."""
        self._complain({})
        try:
            made = await database.run(
                membership.invite,
                actor,
                email=str(form.get("email", "")),
                name=str(form.get("name", "")),
                handle=str(form.get("handle", "")) or None,
                role=account_input.check_role(str(form.get("role", ""))),
                manager_id=_manager(form),
            )
        except RefusedError as refusal:
            self._tell(refusal)
            return None
        self.is_inviting = False
        self._show_link(made.link, made.person)
        await self._read(actor)
        return People.mail_link

    @requires(Role.ADMIN)
    async def ask_to_change(self, actor: Actor, user_id: str) -> None:
        """Open the dialog that changes somebody."""
        self._complain({})
        await self._read(actor)
        self.changing = self._row(user_id)
        self.managers = await database.run(membership.manager_choices, actor, UUID(user_id))
        self.is_changing = True

    @requires(Role.ADMIN)
    def close_change(self, actor: Actor, wanted: bool) -> None:
        """Close it."""
        self.is_changing = wanted and self.is_changing

    @requires(Role.ADMIN)
    async def change(self, actor: Actor, form: dict[str, Any]) -> None:
        """Change what somebody is called, may do and whom they report to: what the form says otherwise than when it was opened.

        A refusal leaves the dialog open.
        """
        self._complain({})
        user_id = _id(str(form.get("user_id", "")))
        seen = self.changing if self.changing.person.id == user_id.hex else PersonRow()
        wanted: dict[str, Any] = {}
        try:
            if form.get("name") != seen.person.name:
                wanted["name"] = str(form.get("name", ""))
            if form.get("role") != seen.role:
                wanted["role"] = account_input.check_role(str(form.get("role", "")))
            if form.get("manager_id") != seen.manager_id:
                wanted["manager_id"] = _manager(form)
            changed = await database.run(membership.change, actor, user_id, **wanted)
        except RefusedError as refusal:
            self._tell(refusal)
            return
        self.is_changing = False
        await self._read(actor)
        name = changed.person.name
        self._report(changed, f"{name} is changed." if wanted else f"Nothing was changed of {name}.")

    @requires(Role.ADMIN)
    async def ask_to_deactivate(self, actor: Actor, user_id: str) -> None:
        """Ask whether somebody leaves, and show what would become of their incidents."""
        self.leaving = await database.run(departures.preview_view, actor, _id(user_id))
        self.is_leaving = True

    @requires(Role.ADMIN)
    def close_leaving(self, actor: Actor, wanted: bool) -> None:
        """Close the question."""
        self.is_leaving = wanted and self.is_leaving

    @requires(Role.ADMIN)
    async def deactivate(self, actor: Actor, user_id: str) -> None:
        """Let somebody go, and tell what became of their incidents."""
        self.is_leaving = False
        changed = await database.run(membership.change, actor, _id(user_id), active=False)
        await self._read(actor)
        told = "is deactivated. No unresolved incident was theirs." if changed.is_changed else "is deactivated already."
        self._report(changed, f"{changed.person.name} {told}")

    @requires(Role.ADMIN)
    async def activate(self, actor: Actor, user_id: str) -> None:
        """Let somebody in again."""
        changed = await database.run(membership.change, actor, _id(user_id), active=True)
        await self._read(actor)
        self.say(f"{changed.person.name} is active again. Their keys and links stay ended.")

    @requires(Role.ADMIN)
    def close_report(self, actor: Actor, wanted: bool) -> None:
        """Close the report."""
        self.is_reporting = wanted and self.is_reporting

    def _report(self, changed: Changed, otherwise: str) -> None:
        """Show what became of somebody's incidents, or say something else where they had none.

        A second click changes nothing more, and takes the report of the first one from nobody.
        """
        if changed.incidents:
            self.report, self.is_reporting = membership.report(changed), True
        elif changed.is_changed or not self.is_reporting:
            self.say(otherwise)

    @requires(Role.ADMIN)
    async def make_link(self, actor: Actor, user_id: str) -> Any:
        """Make a link with which somebody gives themselves a new password, show it and mail it."""
        person = await database.run(people.person_of, actor, _id(user_id))
        self._show_link(await database.run(one_time_links.make_password_link, actor, person.id), person)
        await self._read(actor)
        return People.mail_link

    @requires(Role.ADMIN, background=True)
    async def mail_link(self, actor: Actor) -> None:
        """Send the link that was just made to whom it is for, while it is shown already: a mail server may take its time."""
        async with self:
            unsent, self._unsent = self._unsent, None
            shown = self.link
        if unsent is None:
            return
        person, link = unsent
        try:
            is_sent = await asyncio.to_thread(membership.mail_link, actor, person, link)
        except RefusedError as refusal:
            told = f"Not mailed: {refusal.message} Send the link yourself."
        else:
            told = f"Mailed to {person.email}." if is_sent else ""
        async with self:
            if self.link == shown:
                self.link_mailed = told

    @requires(Role.ADMIN)
    async def withdraw_link(self, actor: Actor, user_id: str) -> None:
        """Make somebody's link work no more."""
        person = await database.run(one_time_links.withdraw_password_link, actor, _id(user_id))
        await self._read(actor)
        self.say(f"The link for {person.name} does not work any more.")

    @requires(Role.ADMIN)
    def close_link(self, actor: Actor, wanted: bool) -> None:
        """Forget the link that is shown."""
        if not wanted:
            self.link = self.link_for = self.link_until = self.link_mailed = ""
            self._unsent = None

    def _show_link(self, made: NewLink, person: Person) -> None:
        self.link, self.link_for = one_time_links.password_address(made.token), person.name
        self.link_until, self.link_is_invitation = rfc3339(made.works_until), not person.came_in
        self.link_mailed, self._unsent = "", (person, made)

    def _row(self, user_id: str) -> PersonRow:
        row = next((row for row in self.rows if row.person.id == user_id), None)
        if row is None:
            raise NotFoundError("There is no such person.")
        return row

    def _complain(self, errors: dict[str, str], refusal: str = "") -> None:
        self.errors = dict.fromkeys(_FIELDS, "") | errors
        self.refusal = refusal

    def _tell(self, refusal: RefusedError) -> None:
        found = {field: sentence for field, sentence in complaints(refusal).items() if field in _FIELDS}
        self._complain(found, "" if found else refusal.message)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError("There is no such person.") from None


def _manager(form: dict[str, Any]) -> UUID | None:
    """The manager that a form names; None for nobody. Raises: InvalidInputError."""
    text = str(form.get("manager_id", ""))
    try:
        return UUID(text) if text else None
    except ValueError:
        raise InvalidInputError("Manager must be somebody of this organisation, or nobody.", field="manager_id") from None
