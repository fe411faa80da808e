"""A small surgical hospital told as events, and a planner in this process, for tests of theatre plans."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from ray_jobs.scheduling.tasks import PlanAnswer, PlanTask, PriceAnswer, PriceTask
from schemas.events import Event, PlanQuestionAnswered, ScheduleDecided, ScheduleProposed
from schemas.events.clinical import AdmissionRequested
from schemas.events.places import AvailabilityPublished
from services.operations.core import Operations
from services.operations.planning.propose import Tools
from services.operations.planning.settings import PlanningSettings
from services.runtime.fakes import FakeObjectStore
from tests.services.operations.test_core import T0, asks, at, place

# ruff: noqa: ANN401 - fields of events

TODAY = T0.date()
DAYS = 10
FAST = PlanningSettings(
    days=7, iterations=60_000, seconds=20, settle_seconds=0, simulated_runs=0, again_minutes=15, frozen_days=2
)


class LocalPlanner:
    """The planner without its process; counts what it was asked and can be told to fail."""

    def __init__(self) -> None:
        self.tasks: list[PlanTask] = []
        self.fails: Exception | None = None

    def plan(self, task: PlanTask) -> PlanAnswer:
        """A plan by the real search."""
        from ray_jobs.scheduling import live  # noqa: PLC0415 - numba

        self.tasks.append(task)
        if self.fails is not None:
            raise self.fails
        return live.plan(task)

    def price(self, task: PriceTask) -> PriceAnswer:
        """A price by the real search."""
        from ray_jobs.scheduling import live  # noqa: PLC0415 - numba

        return live.price(task)


def day(number: int) -> date:
    """So many days from today."""
    return TODAY + timedelta(days=number)


def free(location: str, role: str, number: int, minutes: int = 480, hours: float = 0, **more: Any) -> Event:
    """A theatre, surgeon or nurse can be planned on a day."""
    told = {"site": "main", "known": at(hours), "location": location, "role": role, "day": day(number), **more}
    identity = f"free {location} {number} {more.get('shift')} {minutes} {hours}"
    return AvailabilityPublished.model_validate({"id": identity, **told, "minutes": minutes})


def nurse(name: str, number: int, shift: str, hours: float = 0, minutes: int = 480) -> Event:
    """A nurse of ward 5s works a shift."""
    return free(name, "nurse", number, minutes, hours, shift=shift, skill=2, most_workload=15, ward="5s")


def surgical() -> list[Event]:
    """Ward 5s with three rooms of two, two theatres, two surgeons, nurses round the clock."""
    beds = [place(f"s{n}", "bed", f"sr{n // 2}") for n in range(6)]
    return [
        place("5s", "ward", specialty="surgery"),
        *(place(f"sr{n}", "room", "5s") for n in range(3)),
        *beds,
        *(place(f"t{n}", "theatre") for n in (1, 2)),
        *(free(who, "theatre", n) for who in ("t1", "t2") for n in range(DAYS)),
        *(free(who, "surgeon", n) for who in ("wu", "roy") for n in range(DAYS)),
        *(nurse(f"n{i}", n, shift) for i, shift in enumerate(("early", "late", "night")) for n in range(DAYS)),
    ]


def needs(
    n: int, minutes: int = 120, surgeon: str = "wu", release: int = 0, due: int | None = None, hours: float = 0,
    **more: Any,
) -> AdmissionRequested:  # fmt: skip
    """Somebody waits for an operation."""
    surgery = {"minutes": minutes, "surgeon": surgeon, "release": day(release)}
    if due is not None:
        surgery["due"] = day(due)
    told = {"specialty": "surgery", "expected_stay_hours": 40.0, "surgery": surgery, "id": f"needs {n} {hours}", **more}
    return asks(n, hours, **told)


def planning(events: Iterable[Event], settings: PlanningSettings = FAST) -> tuple[Operations, LocalPlanner]:
    """Operations that know these facts and plan theatres."""
    planner = LocalPlanner()
    state = Operations(Tools(planner, FakeObjectStore(), settings))
    for event in events:
        state.fold(event)
    return state, planner


def jobs(state: Operations, hours: float, kind: str = "theatres") -> list[Event]:
    """What jobs of a kind that are due then answer, folded again as the loop does."""
    due = [job for job in state.due(at(hours)) if job.name.split()[0] == kind]
    found = [event for job in due for event in job.run()]
    for event in found:
        state.fold(event)
    return found


def plan(state: Operations, hours: float) -> ScheduleProposed:
    """The one theatre plan that is made then."""
    (found,) = [e for e in jobs(state, hours) if isinstance(e, ScheduleProposed)]
    return found


def answered(state: Operations, hours: float) -> PlanQuestionAnswered:
    """The one answer that is given then."""
    (found,) = [e for e in jobs(state, hours, "questions") if isinstance(e, PlanQuestionAnswered)]
    return found


def decided(proposal: ScheduleProposed, decision: str, hours: float, **more: Any) -> ScheduleDecided:
    """A person's word about it."""
    told = {"id": f"{decision} {proposal.proposal} {hours}", "site": "main", "known": at(hours), "as_of": at(hours)}
    return ScheduleDecided.model_validate(
        {**told, "proposal": proposal.proposal, "decision": decision, "by": "chief", **more}
    )


def where(proposal: ScheduleProposed) -> dict[str, tuple[int, str, str]]:
    """Days from today, theatre and room by request, of those who are planned."""
    return {
        b.request: ((b.day - TODAY).days, b.theatre or "", b.room or "") for b in proposal.bookings if b.day is not None
    }


def moment(hours: float) -> datetime:
    """Hours after ten past eight."""
    return at(hours)
