"""The beds page and its JSON."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from services.console.parts import Parts
from services.console.reading import beds, where
from services.console.reading.beds_view import BedsView
from services.console.reading.viewer import Viewer
from services.console.web import language, pages
from services.console.web.audit import audit
from services.console.web.session import asker, reader, visitor


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

    @routes.post("/api/places")
    def places(wanted: where.Wanted, viewer: Annotated[Viewer, Depends(asker)], request: Request) -> where.Choices:
        """Where one patient could go now. In the body, so that nobody's needs stand in an address or a log."""
        if wanted.request is None and not wanted.specialty.strip():
            raise HTTPException(422, "say for whom: a request that waits, or at least a specialty")
        with parts.store.reading() as db:
            # A care team may ask for anyone who waits; names are for those whose business every ward is.
            by = viewer if viewer.everywhere else replace(viewer, identity=False)
            found = where.places(db, parts.settings.site, parts.clock.now(), wanted, parts.names, by)
        if found is None:
            raise HTTPException(404, "this request does not wait for a bed")
        if wanted.request is not None:
            audit(parts, viewer.name, "places searched", wanted.request)
        return language.told_in(request, found, "who", "ward", "reasons", "blocked")

    return routes
