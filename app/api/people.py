"""People over HTTP."""

from fastapi import Response

from app.api import routes, shapes
from app.api.routes import Cursor, Limit, answer
from app.session import SignedIn
from services import database, people
from services.people import Person
from services.records import Page

router = routes.router("people")


def _told(person: Person) -> dict[str, object]:
    return {name: getattr(person, name) for name in shapes.User.model_fields}


@router.get("/users", responses={200: {"model": shapes.Part[shapes.User]}})
async def list_users(actor: SignedIn, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Everybody of the organisation: those who are active before those who left, by name."""
    part = routes.part_of(await database.run(people.people, actor), cursor, limit)
    return answer(Page([_told(person) for person in part.items], part.next))
