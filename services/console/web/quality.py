"""The alarm quality page and its JSON, for administrators."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response

from services.console.parts import Parts
from services.console.reading import quality
from services.console.reading.quality_view import QualityView
from services.console.reading.viewer import Viewer
from services.console.web import pages
from services.console.web.session import reader, visitor

Hours = Literal["24", "168", "672"]


def router(parts: Parts) -> APIRouter:
    """`/quality`, its live part, `/api/quality`."""
    routes = APIRouter(tags=["quality"])

    def view(hours: str) -> QualityView:
        with parts.store.reading() as db:
            return quality.quality(db, parts.settings.site, parts.clock.now(), int(hours))

    @routes.get("/quality", include_in_schema=False)
    def page(request: Request, viewer: Annotated[Viewer, Depends(visitor)], hours: Hours = "168") -> Response:
        shown = view(hours)
        number = parts.hub.since(-1).number
        return pages.render(
            request, parts, "quality.html", viewer, v=shown, now=shown.now, since=f"{parts.hub.epoch}.{number}",
        )  # fmt: skip

    @routes.get("/quality/now", include_in_schema=False)
    def panel(request: Request, viewer: Annotated[Viewer, Depends(reader)], hours: Hours = "168") -> Response:
        shown = view(hours)
        return pages.render(request, parts, "quality_now.html", viewer, v=shown, now=shown.now)

    @routes.get("/api/quality", dependencies=[Depends(reader)])
    def data(hours: Hours = "168") -> QualityView:
        """Alerts of the newest 24, 168 or 672 hours by ward and kind: rate, answers, reasons, right or not."""
        return view(hours)

    return routes
