"""When a theatre plan is made: at once where something urgent came in, else now and then; never twice at a time.

Facts come in bursts (a roster is a thousand of them), so a plan waits until they have been quiet for a moment.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from schemas.events import Event
from services.operations.job import Job
from services.operations.planning.causes import causes, told
from services.operations.planning.problem import problem
from services.operations.planning.propose import Tools, Wanted, propose
from services.operations.planning.questions import Asked, answer_all
from services.operations.planning.standing import standing
from services.operations.site import Site

LONGEST_SETTLING = 5
"""Times the settling time, then a plan is made although facts still come in."""
AGAIN_AFTER_FAILURE = timedelta(seconds=30)
MOST_ANSWERS = 4
"""Questions answered in one job: a person waits for each."""


@dataclass(slots=True)
class PlanningPace:
    """What is due for a site. `changed`: a fact came in that may matter."""

    changed: bool = True
    obsolete: list[str] = field(default_factory=list)
    _waiting_since: datetime | None = None
    _quiet_since: datetime | None = None
    _planned_at: datetime | None = None
    _day: object = None
    _not_before: datetime | None = None
    _failed: bool = False

    def due(self, site: Site, at: datetime, busy: Collection[str], tools: Tools) -> list[Job]:
        """The jobs whose time has come; each is given out once."""
        jobs = []
        questions, plan = f"questions {site.name}", f"theatres {site.name}"
        if self._failed:
            self._failed, self._not_before = False, at + AGAIN_AFTER_FAILURE
        if self._not_before is not None and at < self._not_before:
            return []
        if questions not in busy and (asked := _asked(site, at)):
            jobs.append(Job(questions, partial(answer_all, asked, tools)))
        if tools.settings.mode == "on" and plan not in busy and self._is_time(site, at, tools):
            self._planned_at, self._waiting_since, self._quiet_since = at, None, None
            jobs.append(Job(plan, self._job(site, at, tools)))
        return jobs

    def failed(self, job: str, site: str) -> None:
        """The job came to nothing: asked again after a while."""
        if job in (f"questions {site}", f"theatres {site}"):
            self._failed = self.changed = True

    def _is_time(self, site: Site, at: datetime, tools: Tools) -> bool:
        """Whether facts have settled, and something urgent came in or the last plan is old enough."""
        today = tools.settings.today(at)
        if self._day != today:
            self._day, self.changed = today, True
        if self.changed:
            self.changed, self._quiet_since = False, at
            self._waiting_since = self._waiting_since or at
        if self._waiting_since is None or self._quiet_since is None:
            return False
        settle = timedelta(seconds=tools.settings.settle_seconds)
        if at - self._quiet_since < settle and at - self._waiting_since < LONGEST_SETTLING * settle:
            return False
        found = causes(site, at, tools.settings)
        urgent = bool(found) and found[0].urgent
        rested = self._planned_at is None or at - self._planned_at >= timedelta(minutes=tools.settings.again_minutes)
        return urgent or (rested and site.ledger.planned is not None) or (rested and bool(found))

    def _job(self, site: Site, at: datetime, tools: Tools) -> Callable[[], Sequence[Event]]:
        obsolete, self.obsolete = tuple(self.obsolete), []
        try:
            held = standing(site.ledger)
            found = causes(site, at, tools.settings)
            newest = site.ledger.planned
            waited_for = newest is not None and newest.proposal in (site.ledger.decisions | site.ledger.undone)
            waited_for = waited_for and any(c.urgent for c in found)
            wanted = Wanted(site.name, problem(site, at, held, tools.settings), held, told(found), waited_for, obsolete)
        except Exception as error:  # noqa: BLE001 - facts that no plan can be made of are the job's fault, not the census's
            return partial(_raise, error)
        return partial(propose, wanted, tools)


def _asked(site: Site, at: datetime) -> tuple[Asked, ...]:
    ledger = site.ledger
    return tuple(Asked(q, ledger.proposals.get(q.proposal), at) for q in ledger.open_questions()[:MOST_ANSWERS])


def _raise(error: Exception) -> Sequence[Event]:
    raise error
