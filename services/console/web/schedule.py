"""The schedule page and its JSON; edits weighed while a person makes them; why not this day, theatre or room."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from schemas.events import PlanEdit, PlanQuestionAsked
from schemas.ids import digest
from services.console.parts import Parts
from services.console.reading.parts import Shown
from services.console.reading.schedule_view import Against, ScheduleView
from services.console.reading.viewer import Viewer
from services.console.web import language, pages
from services.console.web.audit import audit
from services.console.web.decisions import publish
from services.console.web.session import asker, decider, reader, visitor
from services.console.web.weighing import Evaluated, Weigher

MOST_EDITS: Final = 100


class Edits(BaseModel):
    """Changes that someone tries out; nothing is recorded."""

    edits: Annotated[tuple[PlanEdit, ...], Field(max_length=MOST_EDITS)]


class WhyNot(BaseModel):
    """One change that was not planned."""

    edit: PlanEdit


class Asked(Shown):
    """The question that was written, and what stands against it at once; its price follows."""

    question: str
    against: tuple[Against, ...]


def router(parts: Parts) -> APIRouter:
    """`/schedule`, its live part, `/api/schedule`, `/api/proposals/{id}/evaluate` and `/questions`."""
    routes = APIRouter(tags=["schedule"])
    weigher = Weigher(parts)
    view = weigher.view

    @routes.get("/schedule", include_in_schema=False)
    def page(request: Request, viewer: Annotated[Viewer, Depends(visitor)]) -> Response:
        shown = view(viewer)
        if shown.plan is not None:
            audit(parts, viewer.name, "schedule viewed", shown.plan.id)
        number = parts.hub.since(-1).number
        return pages.render(
            request, parts, "schedule.html", viewer, v=shown, now=shown.now, since=f"{parts.hub.epoch}.{number}",
            standing=parts.standing(),
        )  # fmt: skip

    @routes.get("/schedule/now", include_in_schema=False)
    def panel(request: Request, viewer: Annotated[Viewer, Depends(reader)]) -> Response:
        shown = view(viewer)
        return pages.render(request, parts, "schedule_now.html", viewer, v=shown, now=shown.now)

    @routes.get("/api/schedule")
    def data(viewer: Annotated[Viewer, Depends(reader)]) -> ScheduleView:
        """The newest theatre plan, the approved one, and what people said."""
        shown = view(viewer)
        if shown.plan is not None:
            audit(parts, viewer.name, "schedule read", shown.plan.id)
        return shown

    @routes.post("/api/proposals/{proposal}/evaluate")
    def try_out(proposal: str, tried: Edits, viewer: Annotated[Viewer, Depends(asker)], request: Request) -> Evaluated:
        """What these edits would break and cost; nothing is recorded."""
        return language.told_in(request, weigher.weigh(proposal, tried.edits, viewer), "text", "label")

    @routes.post("/api/proposals/{proposal}/questions", status_code=202)
    def why_not(proposal: str, told: WhyNot, who: Annotated[Viewer, Depends(decider)]) -> Asked:
        """Why not? What stands against it at once; what it would cost to force it follows as an event."""
        found = weigher.weigh(proposal, (told.edit,), who)
        at, site = parts.clock.now(), parts.settings.site
        question = digest("question", site, proposal, told.edit.model_dump_json(), who.name, at.isoformat())
        publish(
            parts,
            PlanQuestionAsked(
                id=question, site=site, known=at, as_of=at, question=question, proposal=proposal, by=who.name,
                edit=told.edit,
            ),
        )  # fmt: skip
        return Asked(question=question, against=found.against[told.edit.request])

    return routes
