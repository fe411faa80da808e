"""The document behind a theatre plan: instance, solution, first day and names, as one JSON object in the store.

From it every cost can be computed again. A document never changes under its name, so the last few are remembered with
what is computed from them once: the price as planned, and what each room, theatre and surgeon is used for.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from pydantic import BaseModel, ConfigDict

from ray_jobs.scheduling.check import check_timetable
from ray_jobs.scheduling.ihtp import Instance, Solution
from ray_jobs.scheduling.occupancy import Occupancy, occupancy
from schemas.ids import digest
from services.runtime.ports import ObjectStore

REMEMBERED: Final = 8
LONGEST: Final = 64
LIES_HERE: Final = "here "
"""How the planner's names of occupants begin; their encounter follows."""


def identity(name: str) -> str:
    """A request's or a resource's name in the document: its digest where it is too long for an instance."""
    return name if len(name) <= LONGEST else f"~{digest(name)}"


class PlanDocument(BaseModel):
    """What the planner wrote: day 0 is `begins`; `names` says what people call ids."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    instance: Instance
    solution: Solution
    begins: date
    names: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Opened:
    """A document with its price (`check_timetable`) and the index of what it uses."""

    document: PlanDocument
    report: Mapping[str, int]
    used: Occupancy


class NoDocument(Exception):  # noqa: N818 - the answer, not a fault
    """The plan has no document that could be read; says why."""


class Documents:
    """Documents by name from the object store, with a short memory. StoreUnavailable passes through."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects
        self._known: OrderedDict[str, Opened] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, name: str | None) -> Opened:
        """The document; NoDocument when the plan names none, or it is gone or not readable."""
        if name is None:
            raise NoDocument("this plan came without the document from which costs are computed")
        with self._lock:
            found = self._known.get(name)
        if found is None:
            found = self._read(name)
            with self._lock:
                self._known[name] = found
                while len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
        return found

    def _read(self, name: str) -> Opened:
        try:
            document = PlanDocument.model_validate_json(self._objects.get(name))
            report = check_timetable(document.instance, document.solution)
        except KeyError:
            raise NoDocument("the plan's document is no longer in the object store") from None
        except ValueError as error:
            raise NoDocument(f"the plan's document cannot be read: {str(error).splitlines()[0]}") from None
        return Opened(document, report, occupancy(document.instance, document.solution))
