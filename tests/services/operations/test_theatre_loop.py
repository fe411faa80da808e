"""Theatre plans through the loop: told once, kept over a restart, and no plan ever stops the census."""

from schemas.events import Event, ScheduleProposed, WardOccupancyChanged
from services.operations.planning.planner import PlannerUnavailable
from services.operations.planning.propose import Tools
from services.runtime.fake_log import FakeLog
from services.runtime.fakes import FakeObjectStore
from tests.services.operations.test_core import came
from tests.services.operations.test_loop import Running, log, plans, publish
from tests.services.operations.theatre import FAST, LocalPlanner, decided, needs, surgical, where

__all__ = ["log"]


def running(log: FakeLog, objects: FakeObjectStore, planner: LocalPlanner) -> Running:
    """The loop with a planner."""
    made = Running(log, objects)
    made.loop.parts.tools = Tools(planner, objects, FAST)
    return made


def theatres(log: FakeLog) -> list[ScheduleProposed]:
    """Theatre plans that lie in the log."""
    return [e for e in plans(log, ScheduleProposed) if e.kind == "theatres"]


def facts() -> list[Event]:
    """A hospital and three who wait."""
    return [*surgical(), needs(1, due=3), needs(2, sex="female"), needs(3, surgeon="roy")]


def test_a_plan_is_told_once_over_a_restart_and_repaired_after_it(log: FakeLog) -> None:
    """Killed without a snapshot: the plan is read back from the log; an approval and an emergency then repair it."""
    objects, planner = FakeObjectStore(), LocalPlanner()
    publish(log, *facts())
    running(log, objects, planner).turn()
    (first,) = theatres(log)
    again = running(log, objects, planner)
    again.turn()
    assert theatres(log) == [first]
    publish(log, decided(first, "approve", 0.1), needs(9, 60, hours=0.2, priority=1))
    again.turn()
    second = theatres(log)[-1]
    assert second.base == first.proposal
    assert {r: w for r, w in where(second).items() if r != "q9"} == where(first)


def test_a_planner_that_is_down_stops_no_count(log: FakeLog) -> None:
    """Every plan fails; who lies where is told all the same, and what is wrong stands in the health."""
    planner = LocalPlanner()
    planner.fails = PlannerUnavailable("down")
    made = running(log, FakeObjectStore(), planner)
    publish(log, *facts())
    made.turn()
    publish(log, *came(1, "s0", 0.1))
    made.turn()
    assert theatres(log) == []
    assert {(e.ward, e.occupied) for e in plans(log, WardOccupancyChanged)} >= {("5a", 1)}
    assert planner.tasks
