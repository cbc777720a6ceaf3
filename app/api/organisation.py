"""The settings of the organisation over HTTP."""

from fastapi import Response

from app.api import routes, shapes
from app.api.incidents import Version
from app.api.routes import answer
from app.session import SignedIn
from services import database, organisation
from services.organisation import OrganisationRecord

router = routes.router("organisation")


def _told(settings: OrganisationRecord) -> Response:
    return answer(settings, etag=f'"{settings.version}"')


@router.get("/organisation", responses={200: {"model": shapes.Organisation}})
async def get_organisation(actor: SignedIn) -> Response:
    """The settings of the organisation. The answer's `ETag` is their version."""
    return _told(await database.run(organisation.get, actor))


@router.patch("/organisation", responses={200: {"model": shapes.Organisation}})
async def change_organisation(actor: SignedIn, body: shapes.ChangeOrganisation, version: Version) -> Response:
    """Change settings. For admins. What is planned already, such as the next reminder of an incident, keeps its time."""
    sent = body.model_dump(exclude_unset=True)
    return _told(await database.run(organisation.change, actor, version=version, **sent))
