"""The board: page, JSON, and search by bed, name or number."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from services.console import words
from services.console.parts import Parts
from services.console.reading import board, whose
from services.console.reading.viewer import Viewer, full_name
from services.console.web import pages
from services.console.web.past import Moment, moment, opened
from services.console.web.session import reader, visitor


class Wanted(BaseModel):
    """What to look for: a bed, a name or a number. In the body, so that it stands in no address and no log."""

    text: Annotated[str, Field(min_length=1, max_length=100)]


class Found(BaseModel):
    """A patient that matches."""

    key: str
    bed: str
    ward: str | None
    name: str | None
    here: bool


def router(parts: Parts) -> APIRouter:
    """`/`, `/api/board`, `/api/search`."""
    routes = APIRouter(tags=["board"])

    def now_shown(viewer: Viewer, seen: Moment) -> board.Board:
        with opened(parts, seen) as db:
            return board.board(db, parts.settings.site, seen.at, parts.names, seen.viewer(viewer))

    @routes.get("/", include_in_schema=False)
    def page(request: Request, viewer: Annotated[Viewer, Depends(visitor)], at: str | None = None) -> Response:
        seen = moment(parts, at)
        shown = now_shown(viewer, seen)
        number = parts.hub.since(-1).number
        return pages.render(
            request, parts, "board.html", seen.viewer(viewer), board=shown, now=shown.now,
            since=f"{parts.hub.epoch}.{number}", standing=parts.standing(), seen=seen,
            wall=request.query_params.get("view") == "wall",
        )  # fmt: skip

    @routes.get("/api/board")
    def data(viewer: Annotated[Viewer, Depends(reader)], ward: str | None = None, at: str | None = None) -> board.Board:
        """Every patient of the site, or of one ward, most worrying first; with `at`, as it was known then."""
        shown = now_shown(viewer, moment(parts, at))
        return shown.model_copy(update={"rows": tuple(r for r in shown.rows if ward in {None, r.ward})})

    @routes.post("/api/search")
    def search(wanted: Wanted, viewer: Annotated[Viewer, Depends(reader)]) -> list[Found]:
        """Patients by bed, and by name or number for those who may read identities."""
        text = wanted.text.strip().casefold()
        people = {person.key: person for person in parts.names.matching(wanted.text.strip(), viewer)}
        with parts.store.reading() as db:
            here = {stay["patient"]: stay for stay in board.open_stays(db, parts.settings.site)}
            left = [key for key in people if key not in here and viewer.on(whose.ward_of(db, parts.settings.site, key))]
        found = [
            Found(
                key=key,
                bed=words.bed(stay["bed_name"] or "No bed"),
                ward=stay["ward_name"],
                name=full_name(people.get(key) or parts.names.of(key, viewer)),
                here=True,
            )
            for key, stay in here.items()
            if viewer.on(stay["ward"])
            and (key in people or text in f"{stay['ward_name']} {stay['bed_name']}".casefold() or key.startswith(text))
        ]
        gone = [Found(key=k, bed="", ward=None, name=full_name(people[k]), here=False) for k in left]
        return sorted(found, key=lambda f: f.bed) + gone[:10]

    return routes
