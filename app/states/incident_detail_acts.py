"""What people do with an incident: the moves, the comments, and the dialogs that ask for words."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from app.handler_arguments import text_of
from app.session import requires
from app.states.incident_detail import IncidentDetail
from models.vocabulary import Move, Role, Severity
from services import comments, database, incident_page, incidents, line_changes, merge_offers, merging, people, splitting
from services.access import Actor
from services.errors import ConflictError, InvalidInputError, RefusedError
from services.incidents import Outcome
from services.merging import Merged
from services.views import AlertRow, PersonView, RelatedView


class IncidentActs(IncidentDetail):
    """`dialog` is the one that is open, such as resolve, assign or line-hide; `refusal` is why it did not do what was asked.
    `candidates` are the people who can have the incident, `offers` what it may be merged into, `parts` the alerts that can be split out:
    read as the dialog opens.

    `sent_draft` is the draft that was stored last, `revealed` the line that the reader has just written.
    """

    dialog: str = ""
    refusal: str = ""
    comment_refusal: str = ""
    sent_draft: str = ""
    revealed: int = 0
    candidates: list[PersonView] = []
    offers: list[RelatedView] = []
    parts: list[AlertRow] = []

    _undo: tuple[str, ...] = ()

    @requires(Role.RESPONDER)
    async def acknowledge(self, actor: Actor, number: str) -> None:
        """Mine."""
        if await self._move(actor, number, Move.ACKNOWLEDGE, lambda: incidents.acknowledge(actor, number), may_undo=True):
            self._undo = ("acknowledge", number)

    @requires(Role.RESPONDER)
    async def investigate(self, actor: Actor, number: str) -> None:
        """The search for the cause begins."""
        await self._move(actor, number, Move.INVESTIGATE, lambda: incidents.investigate(actor, number))

    @requires(Role.RESPONDER)
    async def give_back(self, actor: Actor, number: str) -> None:
        """Not mine any more."""
        await self._move(actor, number, Move.UNACKNOWLEDGE, lambda: incidents.unacknowledge(actor, number))

    @requires(Role.RESPONDER)
    async def resolve(self, actor: Actor, form: dict[str, Any]) -> None:
        """It is over, and this fixed it; or, when the dialog showed that somebody was first, a comment."""
        number, notes = text_of(form, "number"), text_of(form, "notes")
        if text_of(form, "as_comment"):
            self.refusal = await self._write(actor, number, notes, text_of(form, "draft_key"))
            return
        if not notes.strip():
            self.refusal = "Write what fixed it: one sentence is enough."
            return
        cause = text_of(form, "cause")
        await self._finish(actor, form, Move.RESOLVE, lambda: incidents.resolve(actor, number, notes, cause=cause))

    @requires(Role.RESPONDER)
    async def reopen(self, actor: Actor, form: dict[str, Any]) -> None:
        """It is not over, and this is why."""
        number, reason = text_of(form, "number"), text_of(form, "reason")
        if not reason.strip():
            self.refusal = "Write why: the others read it on the timeline."
            return
        await self._finish(actor, form, Move.REOPEN, lambda: incidents.reopen(actor, number, reason))

    async def _finish(self, actor: Actor, form: dict[str, Any], move: Move, act: Callable[[], Outcome]) -> None:
        """A move with words: the dialog stays open with them until it is made, and says why it was not."""
        try:
            done = await self._move(actor, text_of(form, "number"), move, act)
        except RefusedError as refusal:
            self.refusal = refusal.message
            return
        if done:
            self.dialog = self.refusal = self.comment_refusal = ""
            self.sent_draft = text_of(form, "draft_key")
        else:
            self.refusal = self.notice.text

    async def _move(self, actor: Actor, number: str, move: Move, act: Callable[[], Outcome], *, may_undo: bool = False) -> bool:
        verdict = await database.run(incident_page.make_move, actor, number, move, self.nav.zone, act)
        self.say(verdict.sentence, bad=not verdict.done, may_undo=may_undo and verdict.done)
        return verdict.done

    @requires(Role.RESPONDER)
    async def change_severity(self, actor: Actor, form: dict[str, Any]) -> None:
        """Worse or better than it was."""
        number, severity, before = text_of(form, "number"), text_of(form, "severity"), self.head.severity
        try:
            outcome: Outcome = await database.run(incidents.change_severity, actor, number, severity)
        except InvalidInputError as refusal:
            self.refusal = refusal.message
            return
        self.dialog = ""
        if outcome.changed:
            self._undo = ("severity", number, before, severity)
            self.say(f"Severity is {severity} now.", may_undo=True)
        else:
            self.say(f"Severity is {severity} already.")

    @requires(Role.RESPONDER)
    async def ask_whom(self, actor: Actor) -> None:
        """Open the dialog that gives the incident to somebody."""
        self.candidates = await database.run(people.may_act, actor)
        self.dialog, self.refusal = "assign", ""

    @requires(Role.RESPONDER)
    async def assign(self, actor: Actor, number: str, user_id: str, before: str) -> None:
        """Give it to somebody, or to nobody, instead of whom the page shows as having it."""
        try:
            verdict = await database.run(incident_page.give, actor, number, user_id, before, self.nav.zone)
        except InvalidInputError as refusal:
            if self.dialog != "assign":
                raise
            self.refusal = refusal.message
            return
        self.dialog = ""
        if verdict.done:
            self._undo = ("assign", number, before, user_id)
        self.say(verdict.sentence, bad=verdict.is_refused, may_undo=verdict.done)

    @requires(Role.RESPONDER)
    async def ask_to_merge(self, actor: Actor) -> None:
        """Open the dialog that makes the incident part of another one."""
        self.offers = await database.run(merge_offers.offers, actor, self.head.number)
        self.dialog, self.refusal = "merge", ""

    @requires(Role.RESPONDER)
    async def look_for_others(self, actor: Actor, words: str) -> None:
        """What the incident may be merged into, with these words or this number."""
        self.offers = await database.run(merge_offers.offers, actor, self.head.number, words)

    @requires(Role.RESPONDER)
    async def merge(self, actor: Actor, number: str, into: str) -> None:
        """Make one incident part of another."""
        try:
            merged: Merged = await database.run(merging.merge, actor, number, into)
        except ConflictError as refusal:
            if self.dialog != "merge":
                raise
            self.refusal = refusal.message
            return
        self.dialog = ""
        if merged.changed:
            self._undo = ("merge", number)
        self.say(merged.sentence, may_undo=merged.changed)

    @requires(Role.RESPONDER)
    async def ask_to_split(self, actor: Actor) -> None:
        """Open the dialog that splits alerts out."""
        self.parts = await database.run(incident_page.all_alerts, actor, self.head.number)
        self.dialog, self.refusal = "split", ""

    @requires(Role.RESPONDER)
    async def split_alerts(self, actor: Actor, form: dict[str, Any]) -> None:
        """Make an incident of its own of the alerts that were ticked."""
        chosen = [name.removeprefix("alert-") for name in form if name.startswith("alert-")]
        number = text_of(form, "number")
        if not chosen:
            self.refusal = "Tick the alerts that leave it."
            return
        try:
            outcome: Outcome = await database.run(splitting.split_alerts, actor, number, _ids(chosen))
        except (InvalidInputError, ConflictError) as refusal:
            self.refusal = refusal.message
            return
        self.dialog = ""
        self.say(f"{outcome.incident.number} has {'it' if len(chosen) == 1 else f'the {len(chosen)} alerts'} now.")

    @requires(Role.RESPONDER)
    async def split_child(self, actor: Actor, number: str, child: str) -> None:
        """Take an incident that was merged into another one out of it again."""
        outcome: Outcome = await database.run(splitting.split_child, actor, number, child)
        self.say(f"{outcome.incident.number} goes its own way again. It is {outcome.incident.state.value}.")

    @requires(Role.RESPONDER)
    async def edit(self, actor: Actor, form: dict[str, Any]) -> None:
        """Another title or description."""
        title, description = text_of(form, "title"), text_of(form, "description")
        try:
            outcome: Outcome = await database.run(incidents.edit, actor, text_of(form, "number"), title=title, description=description)
        except InvalidInputError as refusal:
            self.refusal = refusal.message
            return
        self.dialog = ""
        self.say("Changed." if outcome.changed else "Nothing was changed.")

    @requires(Role.RESPONDER)
    async def undo(self, actor: Actor) -> None:
        """Take the last move back, as a move of its own."""
        last, self._undo = self._undo, ()
        match last:
            case "severity", number, before, after if before in list(Severity):
                await database.run(incidents.change_severity, actor, number, before, instead_of=after)
                self.say(f"Severity is {before} again.")
            case "assign", number, before, after:
                verdict = await database.run(incident_page.give, actor, number, before, after, self.nav.zone, again=True)
                self.say(verdict.sentence, bad=verdict.is_refused)
            case "snooze", number, before, after:
                snoozed = await database.run(incident_page.take_snooze_back, actor, number, before, after, self.nav.zone)
                self.say(snoozed.sentence, bad=snoozed.is_refused)
            case "pin", number, event, pinned:
                changed = await database.run(line_changes.change, actor, number, event, pinned=bool(pinned))
                self.say(f"Line {changed.seq} is {'pinned again' if pinned else 'not pinned any more'}.")
            case "hide", number, event:
                changed = await database.run(line_changes.change, actor, number, event, hidden=False)
                self.say(f"Line {changed.seq} is shown again.")
            case "merge", number:
                outcome: Outcome = await database.run(splitting.take_back, actor, number)
                self.say(f"{outcome.incident.number} is by itself again, as it was before.")
            case "acknowledge", number:
                await self._move(actor, number, Move.UNACKNOWLEDGE, lambda: incidents.unacknowledge(actor, number, only_own=True))

    @requires(Role.RESPONDER)
    async def comment(self, actor: Actor, form: dict[str, Any]) -> None:
        """Write on the timeline. The same draft sent twice is stored once; the browser forgets it when it was stored."""
        self.comment_refusal = await self._write(actor, text_of(form, "number"), text_of(form, "body"), text_of(form, "draft_key"))

    async def _write(self, actor: Actor, number: str, body: str, key: str) -> str:
        """Store a comment and close the dialog that it came from; the sentence that says why not, or nothing."""
        if not body.strip():
            return "Write something first."
        try:
            event = await database.run(comments.add, actor, number, body, key=key or None)
        except RefusedError as refusal:
            return refusal.message
        self.dialog = ""
        if self._seat is not None:
            self._seat.write(False)
        self.sent_draft = key
        self.revealed = event.seq
        if self._shown is not None and self._shown.window.has_later:
            await self._reload_lines(actor)
        return ""

    # ── dialogs ──

    @requires(Role.VIEWER)
    def open_dialog(self, _actor: Actor, name: str) -> None:
        """Open one of the dialogs."""
        self.dialog, self.refusal, self.comment_refusal = name[:20], "", ""

    @requires(Role.VIEWER)
    def set_dialog_open(self, _actor: Actor, is_open: bool) -> None:
        """Close the dialog that is open."""
        if not is_open:
            self.dialog = self.refusal = ""


def _ids(texts: list[str]) -> list[UUID]:
    """Raises: InvalidInputError for one that is no id, which no page sends."""
    try:
        return [UUID(text) for text in texts]
    except ValueError:
        raise InvalidInputError("An alert is named by its id.", field="alert_ids") from None
