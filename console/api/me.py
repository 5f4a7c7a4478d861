"""Who the API takes you for."""

from fastapi import APIRouter

from console.once import OnceRoute
from console.rights import rights_of_viewer
from console.signed_in import SignedIn
from flows.as_json import Json
from models.plain import plain

router = APIRouter(tags=["me"], route_class=OnceRoute)


@router.get("/me")
def me(viewer: SignedIn) -> Json:
    """Your name, roles and rights; `scopes` is null for a browser."""
    scopes = None if viewer.scopes is None else sorted(viewer.scopes)
    return {
        "name": viewer.name,
        "roles": plain(viewer.roles),
        "rights": sorted(rights_of_viewer(viewer)),
        "scopes": scopes,
    }
