"""The settings of the organisation, as admins see and change them."""

from typing import Any
from uuid import UUID

from app.session import requires, while_signed_in
from app.states.profile import complaints
from app.states.shell import Shell
from models.vocabulary import Role, Severity
from services import database, live_updates, organisation
from services.access import Actor
from services.errors import InvalidFieldsError, RefusedError, StaleError
from services.views import ChoiceView, OrganisationView

_LOOK_SECONDS = 3600.0
_FIELDS = (
    "name",
    "timezone",
    "default_on_call_id",
    "reminder_seconds",
    "acknowledgement_timeout_seconds",
    "quiet_days",
    "reopen_window_seconds",
    "post_mortem_severities",
    "causes",
)
_NO_NUMBER = -1
"""Stands for what is no number: the service says what would be right, as for a number that is too large."""


class Organisation(Shell):
    """What the page shows. Each field is drawn anew when what is stored changes, so that the page is right and other fields keep
    what is being typed; the form sends the version that it shows.
    """

    settings: OrganisationView = OrganisationView()
    on_call_choices: list[ChoiceView] = []
    errors: dict[str, str] = dict.fromkeys(_FIELDS, "")
    is_loaded: bool = False

    @requires(Role.ADMIN)
    async def load(self, actor: Actor) -> Any:
        """Show the settings."""
        await self._open(actor)
        return Organisation.watch

    async def _fill(self, actor: Actor) -> None:
        await super()._fill(actor)
        await self._read(actor)
        self.is_loaded = True

    async def _read(self, actor: Actor) -> None:
        self.on_call_choices = await database.run(organisation.on_call_choices, actor)
        self.settings = await database.run(organisation.view, actor)
        if self.nav.organisation != self.settings.name:
            await self._fill_frame(actor)

    @requires(Role.ADMIN, background=True)
    async def watch(self, actor: Actor) -> None:
        """Follow the settings, and who can be on call."""
        async with while_signed_in(self, actor):
            topics = live_updates.organisation_topic(actor.tenant_id), live_updates.people_topic(actor.tenant_id)
            with live_updates.hub.subscribe(*topics) as subscription:
                while True:
                    async with self:
                        known = self.settings.version
                        await self._read(actor)
                        if known not in (0, self.settings.version):
                            self.say("These settings were changed elsewhere just now. The page shows what they are.")
                    await subscription.wait(_LOOK_SECONDS)

    @requires(Role.ADMIN)
    async def save(self, actor: Actor, form: dict[str, Any]) -> None:
        """Keep what the form says; what is wrong is told at its field, and nothing is kept then."""
        self._complain({})
        try:
            await database.run(organisation.change, actor, **_wanted(form))
        except RefusedError as refusal:
            if isinstance(refusal, StaleError):
                await self._read(actor)
            found = {field: sentence for field, sentence in complaints(refusal).items() if field in _FIELDS}
            self._complain(found)
            self.say("Not saved: see the fields that are marked." if found else refusal.message, bad=True)
            return
        await self._read(actor)
        self.say("Saved.")

    def _complain(self, errors: dict[str, str]) -> None:
        self.errors = dict.fromkeys(_FIELDS, "") | errors


def _wanted(form: dict[str, Any]) -> dict[str, Any]:
    """What the service is asked for. Raises: InvalidFieldsError, for a person who was made up."""
    typed = {name: str(value) for name, value in form.items()}
    unit = 3600 if typed.get("timeout_unit") == "hours" else 60
    return {
        "name": typed.get("name", ""),
        "timezone": typed.get("timezone", ""),
        "default_on_call_id": _person(typed.get("on_call", "")),
        "reminder_seconds": {severity.value: _times(typed.get(f"reminder-{severity}", ""), 60) for severity in Severity},
        "acknowledgement_timeout_seconds": _or_off(typed.get("timeout", ""), unit) or None,
        "quiet_days": _or_off(typed.get("quiet_days", "")),
        "reopen_window_seconds": _or_off(typed.get("reopen_window", ""), 60),
        "post_mortem_severities": [severity.value for severity in Severity if f"post-mortem-{severity}" in form],
        "causes": [line for line in typed.get("causes", "").splitlines() if line.strip()],
        "version": _number(typed["version"]) if "version" in typed else None,
    }


def _number(text: str) -> int:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else _NO_NUMBER


def _times(text: str, unit: int) -> int:
    number = _number(text)
    return _NO_NUMBER if number < 0 else number * unit


def _or_off(text: str, unit: int = 1) -> int:
    """The same of a time that may be off: 0, or nothing."""
    return _times(text, unit) if text.strip() else 0


def _person(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise InvalidFieldsError({"default_on_call_id": "Choose somebody of the list, or nobody."}) from None
