"""Films and their heatmaps from the object store, for those who may read; told to the audit topic."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Response

from services.console.parts import Parts
from services.console.reading.viewer import Viewer
from services.console.web.audit import audit
from services.console.web.session import reader
from services.runtime.errors import StoreUnavailable

PNG, JPEG = b"\x89PNG", b"\xff\xd8\xff"


def router(parts: Parts) -> APIRouter:
    """`/films/{finding}/{layer}`."""
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

    return routes


def _content(parts: Parts, name: str, layer: str) -> bytes:
    try:
        return parts.objects.get(name)
    except KeyError:
        raise HTTPException(404, f"the {layer} is no longer in the object store") from None
    except StoreUnavailable:
        raise HTTPException(503, "the object store does not answer; try again") from None
