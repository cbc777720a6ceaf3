"""The own profile: what others see of a person, how they like their pages, their password, and where they are signed in."""

from typing import Any
from uuid import UUID

from app.session import requires, while_signed_in
from app.states.shell import Shell
from models.vocabulary import Reason, Role, Theme
from services import database, live_updates, people, sessions, sign_in, viewers, wishes
from services.access import Actor
from services.errors import InvalidFieldsError, NotFoundError, RefusedError
from services.views import ProfileView, SessionRow, WishesView

_LOOK_SECONDS = 3600.0
_FIELDS = ("name", "handle", "timezone", "theme", "old_password", "new_password", "quiet_from", "quiet_until")


def complaints(refusal: RefusedError) -> dict[str, str]:
    """The sentence for each field that a refusal is about; none when it is about no field."""
    if isinstance(refusal, InvalidFieldsError):
        return refusal.fields
    return {refusal.field: refusal.message} if refusal.field else {}


class Profile(Shell):
    """What the page shows. `errors` holds a sentence by the name of each field; `saved` grows when a form is to be drawn anew."""

    profile: ProfileView = ProfileView()
    wishes: WishesView = WishesView()
    sessions: list[SessionRow] = []
    errors: dict[str, str] = dict.fromkeys(_FIELDS, "")
    saved: int = 0
    is_loaded: bool = False

    @requires(Role.VIEWER)
    async def load(self, actor: Actor) -> Any:
        """Show the person who is signed in."""
        await self._open(actor)
        return Profile.watch

    async def _fill(self, actor: Actor) -> None:
        await self._read(actor)
        self.is_loaded = True

    async def _read(self, actor: Actor) -> None:
        self.nav = await database.run(viewers.nav, actor)
        self.profile = await database.run(people.profile_view, actor)
        self.wishes = await database.run(wishes.wishes, actor)
        self.sessions = await database.run(sessions.session_rows, actor)

    @requires(Role.VIEWER, background=True)
    async def watch(self, actor: Actor) -> None:
        """Follow sessions that begin and end, and changes made in another tab."""
        async with while_signed_in(self, actor):
            with live_updates.hub.subscribe(live_updates.person_topic(actor.id)) as subscription:
                while True:
                    async with self:
                        await self._read(actor)
                    await subscription.wait(_LOOK_SECONDS)

    @requires(Role.RESPONDER)
    async def save(self, actor: Actor, form: dict[str, Any]) -> None:
        """Keep what the form says; what is wrong is told at its field, and nothing is kept then."""
        self._complain({})
        try:
            await database.run(
                people.change_profile,
                actor,
                name=str(form.get("name", "")),
                handle=str(form.get("handle", "")),
                timezone=str(form.get("timezone", "")),
                theme=_theme(str(form.get("theme", ""))),
                shortcuts="shortcuts" in form,
                timeline_newest_first="timeline_newest_first" in form,
            )
        except RefusedError as refusal:
            self._tell(refusal)
            return
        await self._read(actor)
        self.say("Saved.")

    @requires(Role.RESPONDER)
    async def save_wishes(self, actor: Actor, form: dict[str, Any]) -> None:
        """Keep how they want to be told of what; what is wrong is told at its field, and nothing is kept then."""
        self._complain({})
        told_by = {reason.value: str(form[f"told_{reason}"]) for reason in Reason if f"told_{reason}" in form}
        try:
            await database.run(
                wishes.change,
                actor,
                told_by,
                quiet_from=str(form.get("quiet_from") or ""),
                quiet_until=str(form.get("quiet_until") or ""),
            )
        except RefusedError as refusal:
            self._tell(refusal)
            return
        await self._read(actor)
        self.say("Saved.")

    @requires(Role.RESPONDER)
    async def change_password(self, actor: Actor, form: dict[str, Any]) -> None:
        """Take a new password; the other sessions end."""
        self._complain({})
        try:
            await sign_in.change_own_password(actor, str(form.get("old_password", "")), str(form.get("new_password", "")))
        except RefusedError as refusal:
            self._tell(refusal)
            return
        self.saved += 1
        await self._read(actor)
        self.say("The password is changed. You are signed out everywhere else.")

    @requires(Role.VIEWER)
    async def end_session(self, actor: Actor, session_id: str) -> None:
        """Sign out another browser of the same person."""
        try:
            found = UUID(session_id)
        except ValueError:
            raise NotFoundError("There is no such session any more.") from None
        await database.run(sessions.revoke, actor, found)
        await self._read(actor)
        self.say("That browser is signed out.")

    def _complain(self, errors: dict[str, str]) -> None:
        self.errors = dict.fromkeys(_FIELDS, "") | errors

    def _tell(self, refusal: RefusedError) -> None:
        found = {field: sentence for field, sentence in complaints(refusal).items() if field in _FIELDS}
        self._complain(found)
        self.say("Not saved: see the fields that are marked." if found else refusal.message, bad=True)


def _theme(word: str) -> Theme:
    if word not in list(Theme):
        raise InvalidFieldsError({"theme": f"Theme must be one of {', '.join(Theme)}."})
    return Theme(word)
