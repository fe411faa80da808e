"""The system page and its JSON."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from services.console.parts import Parts
from services.console.reading import system
from services.console.reading.viewer import Viewer
from services.console.web import pages
from services.console.web.session import reader, visitor


def router(parts: Parts) -> APIRouter:
    """`/system`, its live part, `/api/system`."""
    routes = APIRouter(tags=["system"])

    def view() -> system.SystemView:
        with parts.store.reading() as db:
            return system.system(db, parts.settings, parts.clock.now(), parts.standing(), parts.models())

    @routes.get("/system", include_in_schema=False)
    def page(request: Request, viewer: Annotated[Viewer, Depends(visitor)]) -> Response:
        shown = view()
        number = parts.hub.since(-1).number
        return pages.render(
            request, parts, "system.html", viewer, v=shown, now=shown.now, since=f"{parts.hub.epoch}.{number}",
            standing=parts.standing(),
        )  # fmt: skip

    @routes.get("/system/now", include_in_schema=False)
    def panel(request: Request, viewer: Annotated[Viewer, Depends(reader)]) -> Response:
        shown = view()
        return pages.render(request, parts, "system_now.html", viewer, v=shown, now=shown.now)

    @routes.get("/api/system", dependencies=[Depends(reader)])
    def data() -> system.SystemView:
        """Stages, lag, models."""
        return view()

    return routes
