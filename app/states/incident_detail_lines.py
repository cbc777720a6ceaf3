"""What people do with one line of an incident's timeline: its menu, and the dialogs that ask for words or a time."""

from datetime import datetime
from typing import Any

from app.handler_arguments import text_of
from app.session import requires
from app.states.incident_detail_acts import IncidentActs
from models.vocabulary import Role
from services import address_times, comments, database, incident_page, line_changes
from services.access import Actor
from services.address_times import NoTimeError
from services.errors import InvalidInputError, RefusedError, StaleError
from services.records import EventRecord
from services.views import LineView, VersionView
from services.wording import zone_named


class IncidentLines(IncidentActs):
    """`line` is the one that the open dialog is about, and `earlier` what it said before.

    `meanwhile` is what a comment says by now that was changed while somebody edited it.
    """

    line: LineView = LineView()
    earlier: list[VersionView] = []
    meanwhile: str = ""

    # ── looking ──

    @requires(Role.VIEWER)
    async def open_line(self, actor: Actor, number: str, event: str) -> None:
        """Open the menu of a line."""
        self.line = await database.run(incident_page.line_view, actor, number, event, self.nav.zone)
        self.dialog, self.refusal, self.meanwhile = "line", "", ""

    @requires(Role.VIEWER)
    async def open_versions(self, actor: Actor, number: str, event: str) -> None:
        """Show what a line said before."""
        self.line = await database.run(incident_page.line_view, actor, number, event, self.nav.zone)
        self.earlier = await database.run(incident_page.versions, actor, number, event, self.nav.zone)
        self.dialog, self.refusal = "line-versions", ""

    # ── changing ──

    @requires(Role.RESPONDER)
    async def edit_line(self, actor: Actor, form: dict[str, Any]) -> None:
        """Another text of one's own comment. When it was changed meanwhile, both texts are shown and nothing is lost."""
        number, event, text = text_of(form, "number"), text_of(form, "event"), text_of(form, "text")
        try:
            await self._change(actor, number, event, text=text, instead_of=text_of(form, "before"))
        except StaleError:
            self.line = await database.run(incident_page.line_view, actor, number, event, self.nav.zone)
            self.meanwhile = self.line.text
            self.refusal = "It was changed meanwhile. Save puts your text in the place of the one below, which stays as an earlier version."
        except RefusedError as refusal:
            self.refusal = refusal.message
        else:
            self.dialog = self.meanwhile = self.refusal = ""
            self.sent_draft = text_of(form, "draft_key")
            self.say("Edited. What it said before can still be read.")

    @requires(Role.RESPONDER)
    async def delete_line(self, actor: Actor, number: str, event: str) -> None:
        """Delete a comment."""
        self.dialog = ""
        await database.run(line_changes.delete, actor, number, event)
        self.say("Deleted. Its line stays, and what it said can still be read.")

    @requires(Role.RESPONDER)
    async def pin_line(self, actor: Actor, number: str, event: str, pinned: bool) -> None:
        """Put a line above the timeline, or take it away from there."""
        self.dialog = ""
        changed = await self._change(actor, number, event, pinned=pinned)
        self._undo = ("pin", number, event, "" if pinned else "on")
        self.say(f"Line {changed.seq} is {'pinned' if pinned else 'not pinned any more'}.", may_undo=True)

    @requires(Role.RESPONDER)
    async def hide_line(self, actor: Actor, form: dict[str, Any]) -> None:
        """Fold a line away, and say why."""
        number, event = text_of(form, "number"), text_of(form, "event")
        try:
            changed = await self._change(actor, number, event, hidden=True, reason=text_of(form, "reason"))
        except RefusedError as refusal:
            self.refusal = refusal.message
            return
        self.dialog = ""
        self._undo = ("hide", number, event)
        self.say(f"Line {changed.seq} is hidden.", may_undo=True)

    @requires(Role.RESPONDER)
    async def show_line_again(self, actor: Actor, number: str, event: str) -> None:
        """Unfold a hidden line for everybody."""
        self.dialog = ""
        changed = await self._change(actor, number, event, hidden=False)
        self.say(f"Line {changed.seq} is shown again.")

    @requires(Role.RESPONDER)
    async def move_line(self, actor: Actor, form: dict[str, Any]) -> None:
        """Say when it really happened."""
        if text_of(form, "at") == text_of(form, "before"):
            self.dialog = ""
            self.say("Nothing was changed.")
            return
        try:
            changed = await self._change(actor, text_of(form, "number"), text_of(form, "event"), occurred_at=self._moment(form))
        except RefusedError as refusal:
            self.refusal = refusal.message
            return
        self.dialog = ""
        await self._find(actor, str(changed.seq))
        self.revealed = changed.seq
        self.say(f"Line {changed.seq} stands where it belongs now.")

    @requires(Role.RESPONDER)
    async def add_earlier(self, actor: Actor, form: dict[str, Any]) -> None:
        """Write down afterwards what happened earlier."""
        body, key = text_of(form, "body"), text_of(form, "draft_key")
        if not body.strip():
            self.refusal = "Write what happened."
            return
        try:
            added: EventRecord = await database.run(
                comments.add, actor, text_of(form, "number"), body, key=key or None, occurred_at=self._moment(form)
            )
        except RefusedError as refusal:
            self.refusal = refusal.message
            return
        self.dialog, self.sent_draft = "", key
        await self._find(actor, str(added.seq))
        self.revealed = added.seq
        self.say(f"Added as line {added.seq}.")

    async def _change(self, actor: Actor, number: str, event: str, **what: Any) -> EventRecord:
        changed: EventRecord = await database.run(line_changes.change, actor, number, event, **what)
        return changed

    def _moment(self, form: dict[str, Any]) -> datetime:
        """The time in the form, read in the zone of the page. Raises: InvalidInputError."""
        text = text_of(form, "at")
        if not text:
            raise InvalidInputError("Say when it happened.", field="at")
        try:
            return address_times.moment(text, zone_named(self.nav.zone))
        except NoTimeError as error:
            raise InvalidInputError(str(error), field="at") from error
