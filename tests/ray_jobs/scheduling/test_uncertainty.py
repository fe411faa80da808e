"""A plan simulated: what varies, by how much, and what a plan with more room makes of it."""

import numpy as np
import pytest

from ray_jobs.scheduling.check import VIOLATIONS, check_timetable
from ray_jobs.scheduling.ihtp import Instance, Solution
from ray_jobs.scheduling.lists import starts
from ray_jobs.scheduling.occupancy import occupancy
from ray_jobs.scheduling.robust import Limits, longer_stays, robust, shorter_lists
from ray_jobs.scheduling.theatre_day import Operation, run_day
from ray_jobs.scheduling.uncertainty import Spread, simulate
from tests.ray_jobs.scheduling.small import instance, occupant, patient, timetable

CERTAIN = Spread(minutes_sigma=0, nights_sigma=0)


def full() -> tuple[Instance, Solution]:
    """Both rooms are full for days 0 and 1, the next two come on day 2; theatre t1 is used to its last minute."""
    problem = instance(
        *(patient(f"p{i}", surgery_duration=150, surgeon_id=f"s{1 + i % 2}") for i in range(4)),
        *(patient(f"q{i}", surgery_duration=150) for i in range(2)),
        surgeons=[{"id": s, "max_surgery_time": [600] * 7} for s in ("s1", "s2")],
    )
    plan = [(f"p{i}", 0, f"r{1 + i // 2}", f"t{1 + i // 2}") for i in range(4)]
    return problem, timetable(problem, *plan, ("q0", 2, "r1", "t1"), ("q1", 2, "r1", "t1"))


def test_without_variance_a_lawful_plan_meets_nothing() -> None:
    """Everything lasts as planned: no overtime, nobody sent home, no ward above its beds."""
    met = simulate(*full(), runs=5, spread=CERTAIN)
    assert (met.overtime_minutes, met.cancelled, met.worst[1]) == (0, 0, 0)
    assert met.operations == 6


def test_more_variance_means_more_of_everything_bad() -> None:
    """Overtime and overflow rise with the spread; the same seed gives the same answer, another seed another."""
    calm, wild = (
        simulate(*full(), runs=200, seed=7, spread=Spread(minutes_sigma=s, nights_sigma=s)) for s in (0.1, 0.5)
    )
    assert calm.overtime_minutes < wild.overtime_minutes
    assert calm.worst[1] < wild.worst[1]
    assert simulate(*full(), runs=50, seed=1) == simulate(*full(), runs=50, seed=1)
    assert simulate(*full(), runs=50, seed=1) != simulate(*full(), runs=50, seed=2)


def test_overflow_is_that_of_the_ward() -> None:
    """Rooms of one ward help each other out; each a ward of its own is above capacity more often."""
    together = simulate(*full(), runs=200, wards={"r1": "5a", "r2": "5a"})
    apart = simulate(*full(), runs=200, wards={"r1": "5a", "r2": "5b"})
    assert together.overflow["5a", 2] < apart.overflow["5a", 2]


def test_the_mean_of_what_varies_is_what_was_planned() -> None:
    """With one long operation a day the mean end is the planned one: the lognormal keeps its mean."""
    problem = instance(patient("p", surgery_duration=200), operating_theaters=[{"id": "t1", "availability": [0] * 7}])
    plan = timetable(problem, ("p", 0, "r1", "t1"))
    met = simulate(problem, plan, runs=4000, spread=Spread(latest_overtime_minutes=10_000))
    assert met.overtime_minutes == pytest.approx(200, rel=0.03)


def test_a_day_waits_for_surgeons_and_sends_home_who_would_end_too_late() -> None:
    """The surgeon comes from the other theatre late; the last operation would end more than an hour after closing."""
    day = [
        Operation("a", "t1", "s1", 100, 150),
        Operation("b", "t2", "s1", 100, 100),
        Operation("c", "t2", "s2", 100, 100),
    ]
    done = run_day(day, {"t1": 300, "t2": 250}, 60)
    assert done.ended == {"t1": 150, "t2": 250}
    assert done.cancelled == ["c"]


def test_lists_have_no_surgeon_in_two_places() -> None:
    """Starts keep theatres and surgeons apart, and an order that stood before."""
    problem, plan = full()
    used = occupancy(problem, plan)
    begin = starts(used.patients, used.planned)
    assert begin["p0"] == 0
    assert sorted(begin[p] for p in ("p0", "p1", "p2", "p3")) == [0, 0, 150, 150]
    again = starts(used.patients, used.planned, rank={"q1": 0, "q0": 1})
    assert (again["q1"], again["q0"]) == (0, 150)
    assert starts(used.patients, used.planned, rank={"q1": 0}, first=["q0"])["q0"] == 0


def test_longer_stays_are_also_plans_with_the_expected_ones() -> None:
    """A plan of the instance with longer stays breaks no rule of the instance itself."""
    problem, _ = full()
    longer = problem.model_copy(update={"patients": longer_stays(problem, 1.6)})
    assert [p.length_of_stay for p in longer.patients] == [4] * 6
    plan = timetable(problem, ("p0", 0, "r1", "t1"), ("p1", 0, "r1", "t1"), ("p2", 4, "r1", "t1"))
    for one in (longer, problem):
        report = check_timetable(one, plan)
        assert sum(report[name] for name in VIOLATIONS) == 0


def test_the_chance_constraint_is_kept_or_the_nearest_plan_given() -> None:
    """A plan that leaves days between stays is taken when it keeps the accepted chance; no plan: the first stays."""
    problem, plan = full()
    roomy = timetable(
        problem, *((f"p{i}", 0, f"r{1 + i // 2}", f"t{1 + i // 2}") for i in range(4)), ("q0", 5, "r1", "t1")
    )
    best = robust(
        problem, plan, lambda _: roomy, limits=Limits(0.1, 1), runs=200, seed=3, wards={"r1": "5a", "r2": "5b"}
    )
    assert best.kept
    assert best.robust.worst[1] <= 0.1 < best.planned.worst[1]
    stuck = robust(
        problem, plan, lambda _: None, limits=Limits(0.1, 1), runs=200, seed=3, wards={"r1": "5a", "r2": "5b"}
    )
    assert (stuck.kept, stuck.solution) == (False, plan)


def test_lists_are_planned_shorter_but_never_than_what_is_booked() -> None:
    """A list that may be left early sends fewer people home; a booked list keeps its minutes."""
    problem, plan = full()
    lists = shorter_lists(problem, 0.8, {("t1", 0): 300, ("t2", 0): 999})
    assert [t.availability[:2] for t in lists] == [(300, 240), (300, 240)]
    asked: list[Instance] = []

    def again(harder: Instance) -> Solution:
        asked.append(harder)
        return timetable(problem, ("p0", 0, "r1", "t1"), ("p2", 1, "r2", "t1"), ("p1", 2, "r1", "t1"))

    best = robust(problem, plan, again, limits=Limits(1, 0.01), runs=200, seed=3, wards={"r1": "5a", "r2": "5a"})
    assert asked[0].operating_theaters[0].availability[0] == 276
    assert best.kept
    assert best.robust.cancelled < 0.01 * best.robust.operations < best.planned.cancelled


def test_runs_must_be_some() -> None:
    """Zero runs tell nothing, and are refused."""
    with pytest.raises(ValueError, match="runs"):
        simulate(*full(), runs=0)


def test_nobody_planned_is_a_quiet_week() -> None:
    """An empty plan with someone in a bed still counts the bed."""
    problem = instance(occupants=[occupant("o", "r1", 2)])
    met = simulate(problem, timetable(problem), runs=10)
    assert met.operations == 0
    assert np.isclose(sum(met.overflow.values()), 0)
