"""The patient page and its JSON. Every look is told to the audit topic."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from services.console.parts import Parts
from services.console.reading import patient
from services.console.reading.patient_view import PatientView
from services.console.reading.viewer import Viewer
from services.console.web import language, pages
from services.console.web.audit import audit
from services.console.web.explain import explain
from services.console.web.past import Moment, moment, opened
from services.console.web.session import reader, visitor
from services.console.web.shown import on_screen


def router(parts: Parts) -> APIRouter:
    """`/patients/{key}`, its live part and `/api/patients/{key}`."""
    routes = APIRouter(tags=["patient"])

    def view(key: str, viewer: Viewer, seen: Moment) -> PatientView:
        with opened(parts, seen) as db:
            found = patient.patient(
                db, parts.settings.site, key, seen.at, parts.names, seen.viewer(viewer), parts.models(), parts.advice
            )
        if found is None and seen.past:
            raise HTTPException(404, f"nothing was known of this patient at {seen.at:%H:%M}")
        if found is None:
            raise HTTPException(404, "no such patient has, or had, a stay here")
        return found

    @routes.get("/patients/{key}", include_in_schema=False)
    def page(
        key: str, request: Request, viewer: Annotated[Viewer, Depends(visitor)], at: str | None = None
    ) -> Response:
        seen = moment(parts, at)
        with parts.store.reading() as db:
            into = patient.merged_into(db, key)
        if into is not None:
            return RedirectResponse(f"/patients/{into}", status_code=308)
        shown = view(key, viewer, seen)
        audit(parts, viewer.name, "patient viewed", key)
        if not seen.past:
            explain(parts, viewer.name, shown)
            on_screen(parts, viewer, shown)
        number = parts.hub.since(-1).number
        return pages.render(
            request, parts, "patient.html", seen.viewer(viewer), p=shown, now=shown.now,
            since=f"{parts.hub.epoch}.{number}", standing=parts.standing(), seen=seen,
        )  # fmt: skip

    @routes.get("/patients/{key}/now", include_in_schema=False)
    def panel(
        key: str, request: Request, viewer: Annotated[Viewer, Depends(reader)], at: str | None = None
    ) -> Response:
        seen = moment(parts, at)
        shown = view(key, viewer, seen)
        return pages.render(request, parts, "patient_now.html", seen.viewer(viewer), p=shown, now=shown.now, seen=seen)

    @routes.get("/api/patients/{key}")
    def data(
        key: str, request: Request, viewer: Annotated[Viewer, Depends(reader)], at: str | None = None
    ) -> PatientView:
        """Everything that the patient page shows; with `at`, as it was known at an instant of the last 48 hours."""
        shown = view(key, viewer, moment(parts, at))
        audit(parts, viewer.name, "patient read", key)
        return language.told_in(request, shown, "label", "gaps")

    return routes
