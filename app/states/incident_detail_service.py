"""What is broken, and what is to be done then: the service of an incident and its checklist."""

from typing import Any
from uuid import UUID

from app.session import requires
from app.states.incident_detail_acts import IncidentActs
from models.vocabulary import Role
from services import catalog, checklists, database, incidents
from services.access import Actor
from services.errors import InvalidInputError, NotFoundError
from services.views import ChoiceView


class IncidentService(IncidentActs):
    """`services` are those that the incident can name, read as the dialog opens."""

    services: list[ChoiceView] = []

    @requires(Role.RESPONDER)
    async def ask_which_service(self, actor: Actor) -> None:
        """Open the dialog that asks what is broken."""
        choices = await database.run(catalog.choices, actor)
        if self.head.service_id and self.head.service_id not in {one.value for one in choices}:
            choices.insert(0, ChoiceView(self.head.service_id, f"{self.head.service} (archived)"))
        self.services = [ChoiceView("", "No service"), *choices]
        self.dialog, self.refusal = "service", ""

    @requires(Role.RESPONDER)
    async def set_service(self, actor: Actor, form: dict[str, Any]) -> None:
        """Say what is broken; the checklist of that service comes with it."""
        number, chosen = str(form.get("number", "")), str(form.get("service", ""))
        try:
            service_id = _id(chosen, "service") if chosen else None
            outcome = await database.run(incidents.edit, actor, number, service_id=service_id)
        except InvalidInputError as refusal:
            self.refusal = refusal.message
            return
        self.dialog = ""
        name = next((one.label for one in self.services if one.value == chosen), "")
        if not outcome.changed:
            self.say("Nothing was changed.")
        else:
            self.say(f"{number} names {name} now." if chosen else f"{number} names no service now.")

    @requires(Role.RESPONDER)
    async def tick(self, actor: Actor, number: str, item_id: str, ticked: bool) -> None:
        """Tick an item of the checklist, or take the tick away; everybody sees it, who ticked first keeps it."""
        await database.run(checklists.tick, actor, number, _id(item_id, "item"), ticked)


def _id(text: str, what: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError(f"There is no such {what}.") from None
