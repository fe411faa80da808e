"""The beds page and its JSON."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from services.console.parts import Parts
from services.console.reading import beds
from services.console.reading.beds_view import BedsView
from services.console.reading.viewer import Viewer
from services.console.web import pages
from services.console.web.session import reader, visitor


def router(parts: Parts) -> APIRouter:
    """`/beds`, its live part, `/api/beds`."""
    routes = APIRouter(tags=["beds"])

    def view(viewer: Viewer) -> BedsView:
        with parts.store.reading() as db:
            return beds.beds(db, parts.settings.site, parts.clock.now(), parts.names, viewer)

    @routes.get("/beds", include_in_schema=False)
    def page(request: Request, viewer: Annotated[Viewer, Depends(visitor)]) -> Response:
        shown = view(viewer)
        number = parts.hub.since(-1).number
        return pages.render(
            request, parts, "beds.html", viewer, v=shown, now=shown.now, since=f"{parts.hub.epoch}.{number}",
            standing=parts.standing(),
        )  # fmt: skip

    @routes.get("/beds/now", include_in_schema=False)
    def panel(request: Request, viewer: Annotated[Viewer, Depends(reader)]) -> Response:
        shown = view(viewer)
        return pages.render(request, parts, "beds_now.html", viewer, v=shown, now=shown.now)

    @routes.get("/api/beds")
    def data(viewer: Annotated[Viewer, Depends(reader)]) -> BedsView:
        """Wards, beds, census, forecasts, who waits and what is proposed."""
        return view(viewer)

    return routes
