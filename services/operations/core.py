"""The core of operations: facts and time in; counts to tell and jobs to do out. No I/O, no clock.

Counts (`WardOccupancyChanged`) are told when they change. Forecasts are due at every full hour, and
for a ward whose census changed when its last one is 15 minutes old. A proposal is due when beds,
requests or decisions changed. Theatre plans and questions about them have their own pace
(`planning.pace`). All but counts are jobs: values in, events out (slow lane).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial

from schemas.events import Event, ScheduleProposed, WardOccupancyChanged
from schemas.ids import digest
from services.operations import proposal, wards
from services.operations.demand_units import Demand, demand_facts, forecast_all
from services.operations.job import Job
from services.operations.planning.pace import PlanningPace
from services.operations.planning.propose import Tools
from services.operations.site import READS, Site
from services.operations.staffing import Staff, staff_of, staffing

FORECAST_AGAIN = timedelta(minutes=15)
PLAN_AGAIN = timedelta(minutes=1)
KEEP = timedelta(days=30)
FORGET_EVERY = timedelta(hours=6)
INSTANT = timedelta(microseconds=1)


@dataclass(slots=True)
class _Pace:
    """What is due for a site."""

    recount: bool = True
    replan: bool = True
    changed: set[str | None] = field(default_factory=set)
    forecast_at: dict[str | None, datetime] = field(default_factory=dict)
    planned_at: datetime | None = None
    forgot_at: datetime | None = None
    planning: PlanningPace = field(default_factory=PlanningPace)


@dataclass(slots=True)
class Operations:
    """The state of every site that the log tells of; without `tools` no theatres are planned."""

    tools: Tools | None = None
    sites: dict[str, Site] = field(default_factory=dict)
    _pace: dict[str, _Pace] = field(default_factory=dict)

    @property
    def zone(self) -> tzinfo:
        """Where the hospital's days and shifts begin."""
        return UTC if self.tools is None else self.tools.settings.zone

    def fold(self, event: Event) -> None:
        """Take one fact of a kind in `READS`; any other is passed over."""
        if not isinstance(event, READS):
            return
        site = self.sites.setdefault(event.site, Site(event.site))
        if site.fold(event):
            pace = self._pace.setdefault(event.site, _Pace())
            pace.recount = pace.replan = pace.planning.changed = True

    def counted(self) -> list[WardOccupancyChanged]:
        """The counts that differ from what was last told, as of the newest fact."""
        found = []
        for name, site in sorted(self.sites.items()):
            pace = self._pace.setdefault(name, _Pace())
            if not pace.recount or site.now is None:
                continue
            pace.recount, now = False, site.now
            for ward, counts in wards.counts(site).items():
                told = site.told.get(ward)
                if told is not None and (told.occupied, told.beds, told.closed, told.waiting) == counts:
                    continue
                if told is None or told.occupied != counts.occupied:
                    pace.changed |= {ward, None}
                # Facts of one instant may change a count twice: the later telling must be the newer one everywhere.
                known = now if told is None else max(now, told.known + INSTANT)
                event = WardOccupancyChanged(
                    id=digest("occupancy", name, ward, known.isoformat(), *counts), site=name, known=known,
                    ward=ward, as_of=now, **counts._asdict(),
                )  # fmt: skip
                site.fold(event)
                found.append(event)
        return found

    def due(self, at: datetime, busy: Collection[str] = ()) -> list[Job]:
        """The jobs whose time has come and whose name is not `busy`; each is given out once."""
        jobs = []
        for name, site in sorted(self.sites.items()):
            pace = self._pace.setdefault(name, _Pace())
            if pace.forgot_at is None or at - pace.forgot_at >= FORGET_EVERY:
                pace.planning.obsolete += [p.document for p in site.forget(at - KEEP) if p.document is not None]
                pace.forgot_at = at
            demand, plan = f"demand {name}", f"beds {name}"
            if demand not in busy and (facts := self._forecasts(site, pace, at)) is not None:
                jobs.append(Job(demand, partial(_forecast_all, facts, staff_of(site, at, self.zone), self.zone)))
            rested = pace.planned_at is None or at - pace.planned_at >= PLAN_AGAIN
            if plan not in busy and pace.replan and rested and wards.for_a_bed_now(site):
                pace.replan, pace.planned_at = False, at
                jobs.append(Job(plan, partial(_propose, proposal.question(site, at, self.zone), site.ledger.proposed)))
            if self.tools is not None:
                jobs += pace.planning.due(site, at, busy, self.tools)
        return jobs

    def failed(self, job: str) -> None:
        """A job came to nothing: what it was about is asked again."""
        for name, pace in self._pace.items():
            if job == f"beds {name}":
                pace.replan = True
            pace.planning.failed(job, name)

    def _forecasts(self, site: Site, pace: _Pace, at: datetime) -> Demand | None:
        counts = wards.counts(site)
        ready = []
        for ward in counts:
            last = pace.forecast_at.get(ward)
            hour = last is None or last.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1) <= at
            if hour or (last is not None and ward in pace.changed and at - last >= FORECAST_AGAIN):
                ready.append(ward)
                pace.forecast_at[ward] = at
                pace.changed.discard(ward)
        return demand_facts(site, ready, at, {ward: c.beds for ward, c in counts.items()}) if ready else None


def _forecast_all(facts: Demand, staff: Mapping[str, Staff], zone: tzinfo) -> Sequence[Event]:
    forecasts = forecast_all(facts)
    return [*forecasts, *staffing(forecasts, staff, zone)]


def _propose(asked: proposal.Question, standing: ScheduleProposed | None) -> Sequence[Event]:
    """A proposal, unless it is the one that stands already."""
    new = proposal.propose(asked)
    return [new] if proposal.differs(new, standing) else []
