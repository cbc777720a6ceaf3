"""What people do in the list: the moves on a row, the dialog that resolves, and the choice of filters."""

from collections.abc import Callable
from typing import Any

import reflex as rx

from app.handler_arguments import text_of
from app.session import requires
from app.states.incidents import Incidents
from models.vocabulary import IncidentState, Move, Role, Severity
from services import comments, database, incident_list, incident_page, incidents, people
from services.access import Actor
from services.errors import InvalidInputError, RefusedError
from services.incidents import Outcome
from services.views import CheckView, ChoiceView, IncidentHead, PersonView

ANY = ""
SPANS = (("24h", "the last 24 hours"), ("7d", "the last 7 days"), ("30d", "the last 30 days"))
"""What can be chosen for the time of creation without writing a day."""


class IncidentsActs(Incidents):
    """`resolved_line` says who resolved the dialog's incident first, `refusal` is why the dialog did nothing.

    `sent_draft` is the draft that was stored.

    `holder` is who has the incident that is to be given to somebody, `candidates` are those who can have it.
    `snoozes` are the times until which one can be snoozed without typing.
    `is_choosing` is whether the filters are open to be chosen; the `chosen_*` are what they begin with.
    """

    resolving_id: str = ""
    resolving_title: str = ""
    firing_count: int = 0
    refires_reopen: str = ""
    resolving_checklist: list[CheckView] = []
    ticked_count: int = 0
    causes: list[str] = []
    resolved_line: str = ""
    refusal: str = ""
    sent_draft: str = ""
    holder: PersonView = PersonView()
    candidates: list[PersonView] = []
    snoozes: list[ChoiceView] = []

    is_choosing: bool = False
    people: list[ChoiceView] = []
    services: list[ChoiceView] = []
    chosen_states: list[str] = []
    chosen_severities: list[str] = []
    chosen_assignee: str = ANY
    chosen_service: str = ANY
    chosen_span: str = ANY
    chosen_since: str = ""
    chosen_before: str = ""

    _undo: tuple[str, ...] = ()

    # ── moves ──

    @requires(Role.RESPONDER)
    async def move(self, actor: Actor, number: str, verb: str) -> None:
        """Do what a key or a button of a row asks for; resolving asks for words first, assigning for a person."""
        if verb == Move.ACKNOWLEDGE.value:
            if await self._move(actor, number, Move.ACKNOWLEDGE, lambda: incidents.acknowledge(actor, number), may_undo=True):
                self._undo = ("acknowledge", number)
        elif verb == Move.INVESTIGATE.value:
            await self._move(actor, number, Move.INVESTIGATE, lambda: incidents.investigate(actor, number))
        elif verb == Move.RESOLVE.value:
            await self._ask_what_fixed_it(actor, number)
        elif verb == "assign":
            await self._ask_whom(actor, number)
        elif verb == "snooze":
            number = (await self._head(actor, number)).number
            self.snoozes = incident_page.offered_snoozes(self.nav.zone)
            self.snoozing, self.refusal = number, ""

    async def _move(self, actor: Actor, number: str, move: Move, act: Callable[[], Outcome], *, may_undo: bool = False) -> bool:
        verdict = await database.run(incident_page.make_move, actor, number, move, self.nav.zone, act)
        self.say(verdict.sentence, bad=not verdict.done, may_undo=may_undo and verdict.done)
        return verdict.done

    @requires(Role.RESPONDER)
    async def undo(self, actor: Actor) -> None:
        """Take the last move back, as a move of its own."""
        last, self._undo = self._undo, ()
        match last:
            case "assign", number, before, after:
                verdict = await database.run(incident_page.give, actor, number, before, after, self.nav.zone, again=True)
                self.say(verdict.sentence, bad=verdict.is_refused)
            case "snooze", number, before, after:
                snoozed = await database.run(incident_page.take_snooze_back, actor, number, before, after, self.nav.zone)
                self.say(snoozed.sentence, bad=snoozed.is_refused)
            case "acknowledge", number:
                await self._move(actor, number, Move.UNACKNOWLEDGE, lambda: incidents.unacknowledge(actor, number, only_own=True))

    async def _head(self, actor: Actor, number: str) -> IncidentHead:
        return (await database.run(incident_page.open_page, actor, number, incident_page.seen_by(actor, self.nav.zone))).told.head

    async def _ask_whom(self, actor: Actor, number: str) -> None:
        head = await self._head(actor, number)
        self.candidates = await database.run(people.may_act, actor)
        self.assigning, self.holder, self.refusal = head.number, head.assignee, ""

    @requires(Role.RESPONDER)
    async def assign(self, actor: Actor, number: str, user_id: str, before: str) -> None:
        """Give it to somebody, or to nobody, instead of whom the page shows as having it."""
        try:
            verdict = await database.run(incident_page.give, actor, number, user_id, before, self.nav.zone)
        except InvalidInputError as refusal:
            if not self.assigning:
                raise
            self.refusal = refusal.message
            return
        self.assigning = ""
        if verdict.done:
            self._undo = ("assign", number, before, user_id)
        self.say(verdict.sentence, bad=verdict.is_refused, may_undo=verdict.done)

    @requires(Role.VIEWER)
    def set_assigning(self, _actor: Actor, is_open: bool) -> None:
        """Close the dialog."""
        if not is_open:
            self.assigning = self.refusal = ""

    @requires(Role.RESPONDER)
    async def snooze(self, actor: Actor, number: str, until: str) -> None:
        """Call nobody until then."""
        await self._snooze(actor, number, until)

    @requires(Role.RESPONDER)
    async def snooze_as_typed(self, actor: Actor, form: dict[str, Any]) -> None:
        """Call nobody until the time that was typed."""
        if not text_of(form, "until").strip():
            self.refusal = "Choose a time, or write one."
            return
        await self._snooze(actor, text_of(form, "number"), text_of(form, "until"))

    async def _snooze(self, actor: Actor, number: str, until: str) -> None:
        try:
            snoozed = await database.run(incident_page.snooze, actor, number, until, self.nav.zone)
        except InvalidInputError as refusal:
            if not self.snoozing:
                raise
            self.refusal = refusal.message
            return
        self.snoozing = ""
        if snoozed.done:
            self._undo = ("snooze", number, snoozed.before, snoozed.after)
        self.say(snoozed.sentence, bad=snoozed.is_refused, may_undo=snoozed.done)

    @requires(Role.VIEWER)
    def set_snoozing(self, _actor: Actor, is_open: bool) -> None:
        """Close the dialog."""
        if not is_open:
            self.snoozing = self.refusal = ""

    async def _ask_what_fixed_it(self, actor: Actor, number: str) -> None:
        head = await self._head(actor, number)
        self.resolving, self.resolving_id, self.resolving_title = head.number, head.id, head.title
        self.firing_count, self.refires_reopen = head.firing_count, head.refires_reopen
        self.resolving_checklist, self.ticked_count, self.causes = head.checklist, head.ticked_count, head.causes
        self.refusal, self.resolved_line = "", head.resolved_line

    @requires(Role.RESPONDER)
    async def resolve(self, actor: Actor, form: dict[str, Any]) -> None:
        """It is over, and this fixed it. A refusal leaves the dialog open with the words in it.

        When the dialog showed that somebody was first, they become a comment.
        """
        number, notes, as_comment = text_of(form, "number"), text_of(form, "notes"), text_of(form, "as_comment")
        if not notes.strip():
            self.refusal = "Write something first." if as_comment else "Write what fixed it: one sentence is enough."
            return
        try:
            if as_comment:
                await database.run(comments.add, actor, number, notes, key=text_of(form, "draft_key") or None)
                self._resolving_is_over(form)
                self.say(f"Your comment is on the timeline of {number}.")
                return
            said = text_of(form, "cause")
            done = await self._move(actor, number, Move.RESOLVE, lambda: incidents.resolve(actor, number, notes, cause=said))
        except RefusedError as refusal:
            self.refusal = refusal.message
            return
        if done:
            self._resolving_is_over(form)
        else:
            self.refusal, self.resolved_line = self.notice.text, (await self._head(actor, number)).resolved_line

    def _resolving_is_over(self, form: dict[str, Any]) -> None:
        self.resolving = self.refusal = ""
        self.sent_draft = text_of(form, "draft_key")

    @requires(Role.VIEWER)
    def set_resolving(self, _actor: Actor, is_open: bool) -> None:
        """Close the dialog."""
        if not is_open:
            self.resolving = self.refusal = ""

    # ── filters ──

    @requires(Role.VIEWER)
    async def choose(self, actor: Actor, is_open: bool) -> None:
        """Open or close the choice of filters; what can be chosen is read as it opens."""
        self.is_choosing = is_open
        wanted = self._wanted
        if not is_open or wanted is None:
            return
        persons, services = await database.run(incident_list.choices, actor)
        given = wanted.asked.parameters
        self.people = [ChoiceView(*one) for one in [(ANY, "anybody"), ("me", "you"), ("none", "nobody"), *persons]]
        self.services = [ChoiceView(*one) for one in [(ANY, "any"), *services]]
        self.chosen_states = given.get("state", "").split(",")
        self.chosen_severities = given.get("severity", "").split(",")
        self.chosen_assignee, self.chosen_service = given.get("assignee", ANY), given.get("service", ANY)
        after = given.get("after", "")
        self.chosen_span, self.chosen_since = (after, "") if after in dict(SPANS) else (ANY, after[:10])
        self.chosen_before = given.get("before", "")[:10]

    @requires(Role.VIEWER)
    def apply(self, _actor: Actor, form: dict[str, Any]) -> Any:
        """Show what was chosen, within the view that is open."""
        wanted = self._wanted
        if wanted is None:
            return None
        self.is_choosing = False
        chosen = {
            "q": wanted.asked.parameters.get("q", ""),
            "state": ",".join(state for state in IncidentState if form.get(f"state-{state}")),
            "severity": ",".join(severity for severity in Severity if form.get(f"severity-{severity}")),
            "assignee": text_of(form, "assignee"),
            "service": text_of(form, "service"),
            "after": text_of(form, "since") or text_of(form, "span"),
            "before": text_of(form, "before"),
        }
        return rx.redirect(incident_list.address(wanted.view, {name: value for name, value in chosen.items() if value}))
