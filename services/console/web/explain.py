"""Asks watch why a forecast is what it is: when a patient's page is opened, and when a person presses the button.

Reasons cost a hundred times what a forecast does, so they are made with few forecasts and on request.
"""

from concurrent.futures import Future
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel

from schemas.events import ExplanationRequested
from schemas.ids import digest
from services.console.parts import Parts
from services.console.reading import patient
from services.console.reading.patient_view import PatientView
from services.console.reading.viewer import Viewer
from services.console.web.session import asker
from services.runtime import logs
from services.runtime.outgoing import outgoing

log = logs.get(__name__)


class Asked(BaseModel):
    """The models that were asked."""

    models: tuple[str, ...]


def explain(parts: Parts, by: str, shown: PatientView) -> tuple[str, ...]:
    """Ask each live model whose present forecast has no reasons yet, once, without waiting; the models asked."""
    wanted = [
        panel
        for panel in shown.panels
        if panel.mode == "live"
        and panel.forecast is not None
        and panel.forecast.state == "forecast"
        and (panel.why is None or not panel.why.current)
    ]
    if not shown.open:
        return ()
    at, site = parts.clock.now(), parts.settings.site
    for panel in wanted:
        assert panel.forecast is not None  # noqa: S101 - narrows the type: chosen so above
        event = ExplanationRequested(
            id=digest("ExplanationRequested", site, panel.forecast.id, by, at.isoformat()),
            site=site,
            known=at,
            patient=shown.row.key,
            by=by,
            model=panel.model,
            encounter=shown.encounter,
        )
        message = outgoing(event, source="console", partitions=parts.settings.partitions)
        parts.publisher.publish([message]).add_done_callback(_told)
    return tuple(panel.model for panel in wanted)


def _told(done: "Future[None]") -> None:
    # The page shows the forecast without its reasons: a log that does not answer must not hide a patient.
    if (error := done.exception()) is not None:
        log.error("explanation_not_asked", reason=str(error))


def router(parts: Parts) -> APIRouter:
    """`/api/patients/{key}/explanations`."""
    routes = APIRouter(tags=["patient"])

    @routes.post("/api/patients/{key}/explanations", status_code=202)
    def ask(key: str, viewer: Annotated[Viewer, Depends(asker)]) -> Asked:
        """Ask why the present forecasts are what they are; the page hears of the answer by itself."""
        with parts.store.reading() as db:
            shown = patient.patient(
                db, parts.settings.site, key, parts.clock.now(), parts.names, viewer, parts.models(), parts.advice
            )
        if shown is None:
            raise HTTPException(404, "no such patient has, or had, a stay here")
        return Asked(models=explain(parts, viewer.name, shown))

    return routes
