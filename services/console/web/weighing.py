"""A plan as its reader may see it, and edits weighed against its document, with every failure as a clear answer."""

from fastapi import HTTPException

from schemas.events import PlanEdit
from services.console import plan_words
from services.console.parts import Parts
from services.console.plans.document import Documents, NoDocument, Opened
from services.console.plans.evaluate import evaluate
from services.console.reading import schedule
from services.console.reading.parts import Shown
from services.console.reading.schedule_view import Against, ScheduleView
from services.console.reading.viewer import Viewer
from services.runtime.errors import StoreUnavailable


class Placed(Shown):
    """Where an edited booking ends up; no day: not in this plan."""

    day: int | None
    theatre: str | None
    room: str | None


class Component(Shown):
    """A cost before and after, or how often a hard rule is broken more than before (`cost` false)."""

    name: str
    label: str
    before: int
    after: int
    hard: bool


class Evaluated(Shown):
    """What the edits break and cost. `allowed`: they break no rule that the plan kept."""

    allowed: bool
    total: int
    total_before: int
    components: tuple[Component, ...]
    against: dict[str, tuple[Against, ...]]
    places: dict[str, Placed]


class Weigher:
    """The documents of plans, and what is made of them for a viewer."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._documents = Documents(parts.objects)

    def view(self, viewer: Viewer) -> ScheduleView:
        """The page; a plan without a document is shown all the same, and says what is missing."""
        parts, opened, problem = self._parts, None, ""
        with parts.store.reading() as db:
            row = schedule.newest(db, parts.settings.site)
            if row is not None:
                try:
                    opened = self._documents.open(row["document"])
                except NoDocument as error:
                    problem = str(error)
                except StoreUnavailable:
                    problem = "the object store does not answer"
            return schedule.schedule(db, parts.settings.site, parts.clock.now(), opened, problem, parts.names, viewer)

    def weigh(self, proposal: str, edits: tuple[PlanEdit, ...], viewer: Viewer) -> Evaluated:
        """What the edits break and cost. HTTPException: 404 no such plan, 409 no document, 422 a wrong edit, 503."""
        with self._parts.store.reading() as db:
            row = db.execute("SELECT * FROM proposals WHERE proposal = ? AND kind = 'theatres'", (proposal,)).fetchone()
            if row is None:
                raise HTTPException(404, "there is no such plan of theatres")
            opened = self._opened(row["document"])
            names = schedule.labels(db, row["site"], row, opened, self._parts.names, viewer)
        try:
            found = evaluate(opened, edits, names)
        except ValueError as error:
            raise HTTPException(422, str(error)) from None
        return Evaluated(
            allowed=not found.broken,
            total=found.after["total_cost"],
            total_before=found.before["total_cost"],
            components=tuple(
                Component(
                    name=n, label=plan_words.component(n), before=found.before[n], after=found.after[n],
                    hard=n in found.broken,
                )
                for n in (*found.broken, *found.costs)
            ),
            against={
                request: tuple(Against(rule=h.rule, text=h.text, cost=h.cost) for h in against)
                for request, against in found.against.items()
            },
            places={
                request: Placed(day=w.day if w else None, theatre=w.theatre if w else None, room=w.room if w else None)
                for request, w in found.places.items()
            },
        )  # fmt: skip

    def _opened(self, name: str | None) -> Opened:
        try:
            return self._documents.open(name)
        except NoDocument as error:
            raise HTTPException(409, str(error)) from None
        except StoreUnavailable:
            raise HTTPException(503, "the object store does not answer; try again") from None
