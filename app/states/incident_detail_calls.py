"""Who is told of an incident and when: its snooze, after how long its acknowledgement lapses, and who follows it."""

from typing import Any

from app.session import requires
from app.states.incident_detail_acts import IncidentActs
from models.vocabulary import Role
from services import database, followers, incident_page, incidents
from services.access import Actor
from services.errors import InvalidInputError
from services.incidents import Outcome
from services.views import ChoiceView


class IncidentCalls(IncidentActs):
    """`snoozes` are the times that can be chosen without typing, read as the dialog opens."""

    snoozes: list[ChoiceView] = []

    @requires(Role.RESPONDER)
    async def ask_until(self, _actor: Actor) -> None:
        """Open the dialog that asks until when nobody is to be called."""
        self.snoozes = incident_page.offered_snoozes(self.nav.zone)
        self.dialog, self.refusal = "snooze", ""

    @requires(Role.RESPONDER)
    async def snooze(self, actor: Actor, number: str, until: str) -> None:
        """Call nobody until then; without a time, go on calling."""
        await self._snooze(actor, number, until)

    async def _snooze(self, actor: Actor, number: str, until: str) -> None:
        try:
            snoozed = await database.run(incident_page.snooze, actor, number, until, self.nav.zone)
        except InvalidInputError as refusal:
            if self.dialog != "snooze":
                raise
            self.refusal = refusal.message
            return
        self.dialog = ""
        if snoozed.done:
            self._undo = ("snooze", number, snoozed.before, snoozed.after)
        self.say(snoozed.sentence, bad=snoozed.is_refused, may_undo=snoozed.done)

    @requires(Role.RESPONDER)
    async def snooze_as_typed(self, actor: Actor, form: dict[str, Any]) -> None:
        """Call nobody until the time that was typed."""
        number, until = form.get("number"), form.get("until")
        if not isinstance(number, str) or not isinstance(until, str) or not until.strip():
            self.refusal = "Choose a time, or write one."
            return
        await self._snooze(actor, number, until)

    @requires(Role.VIEWER)
    async def follow_it(self, actor: Actor, number: str, follows: bool) -> None:
        """Be told of its moves, or not any more."""
        await database.run(followers.follow_incident, actor, number, follows)
        self.say(f"You are told of each move of {number}." if follows else f"You do not follow {number} any more.")

    @requires(Role.RESPONDER)
    async def set_timeout(self, actor: Actor, form: dict[str, Any]) -> None:
        """After how long without activity its acknowledgement lapses."""
        number, seconds = str(form.get("number")), form.get("seconds")
        try:
            wanted = int(str(seconds)) if seconds != "" else None
            outcome: Outcome = await database.run(incidents.set_acknowledgement_timeout, actor, number, wanted)
        except ValueError:
            self.refusal = "Choose one of the times."
            return
        except InvalidInputError as refusal:
            self.refusal = refusal.message
            return
        self.dialog = ""
        self.say("Changed." if outcome.changed else "Nothing was changed.")
