"""Films and their heatmaps from the object store, for those who may read; and a physician's reading of their study.

Both are told: the view to the audit topic, the reading to `decisions`, from where it makes the hospital's report final.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Response
from pydantic import BaseModel, Field, model_validator

from schemas.events import ImagingReportRead
from schemas.ids import digest
from services.console.parts import Parts
from services.console.reading.viewer import Viewer
from services.console.web.audit import audit
from services.console.web.decisions import Sent, publish
from services.console.web.session import decider, reader
from services.runtime.errors import StoreUnavailable

PNG, JPEG = b"\x89PNG", b"\xff\xd8\xff"


class StudyReading(BaseModel):
    """The report stands as the model has it (`finalise`), or in the physician's own words (`override`)."""

    decision: Literal["finalise", "override"]
    why: Annotated[str, Field(max_length=1000)] = ""
    """The impression in words."""

    @model_validator(mode="after")
    def _reasoned(self) -> "StudyReading":
        if self.decision == "override" and not self.why.strip():
            raise ValueError("to override a report, say what the films show")
        return self


def router(parts: Parts) -> APIRouter:
    """`/films/{finding}/{layer}` and `/api/findings/{finding}/reading`."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/films/{finding}/{layer}")
    def film(
        finding: str, layer: Literal["picture", "heatmap"], viewer: Annotated[Viewer, Depends(reader)]
    ) -> Response:
        with parts.store.reading() as db:
            row = db.execute("SELECT * FROM findings WHERE id = ?", (finding,)).fetchone()
        if row is None or row[layer] is None or (row["mode"] != "live" and not viewer.admin):
            raise HTTPException(404, f"there is no {layer} for this finding")
        content = _content(parts, row[layer], layer)
        if layer == "picture":
            audit(parts, viewer.name, "film viewed", row["patient"])
        kind = "image/png" if content.startswith(PNG) else "image/jpeg" if content.startswith(JPEG) else None
        if kind is None:
            raise HTTPException(415, f"the {layer} is neither PNG nor JPEG")
        return Response(content, media_type=kind, headers={"Cache-Control": "private, max-age=3600"})

    @routes.post("/api/findings/{finding}/reading", status_code=202)
    def read(finding: str, asked: StudyReading, viewer: Annotated[Viewer, Depends(decider)]) -> Sent:
        """A physician read the study that the film belongs to: its report is final from now on."""
        with parts.store.reading() as db:
            row = db.execute("SELECT * FROM findings WHERE id = ?", (finding,)).fetchone()
        if row is None or (row["mode"] != "live" and not viewer.admin):
            raise HTTPException(404, "there is no such finding")
        at, site = parts.clock.now(), parts.settings.site
        return publish(
            parts,
            ImagingReportRead(
                id=digest("report-read", site, row["study"], viewer.name, at.isoformat()), site=site, known=at,
                patient=row["patient"], study=row["study"], model=row["model"], version=row["version"],
                decision=asked.decision, impression=asked.why.strip(), by=viewer.name, at=at,
            ),
        )  # fmt: skip

    return routes


def _content(parts: Parts, name: str, layer: str) -> bytes:
    try:
        return parts.objects.get(name)
    except KeyError:
        raise HTTPException(404, f"the {layer} is no longer in the object store") from None
    except StoreUnavailable:
        raise HTTPException(503, "the object store does not answer; try again") from None
