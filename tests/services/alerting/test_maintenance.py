"""Maintenance that a person begins and ends at once: calls are held, nothing is lost, red as the policy says."""

from schemas.events import MaintenanceStanding
from schemas.topics import partition_of
from services.runtime.lanes import lanes
from tests.services.alerting.given import UNTOLD, context, maintenance, minutes, names, score, with_policy
from tests.services.alerting.policy_files import policy


def test_calls_are_held_to_its_end_and_made_there() -> None:
    """Raised at once with `quiet_until`; told at the end, from which the waits count; a restart forgets none."""
    driver = with_policy(UNTOLD)
    driver.give(maintenance(minutes(1), minutes(60)))
    driver.restart()
    (alert,) = driver.give(score(minutes(5), 7))
    assert (names([alert]), alert.quiet_until) == (["Raised"], minutes(60))
    said = driver.tick(minutes(80))
    assert [(names([e])[0], e.at) for e in said] == [("Escalated", minutes(60)), ("Escalated", minutes(75))]


def test_ended_early_it_calls_at_that_instant() -> None:
    """Without any further fact about the patient: the next tick finds it."""
    driver = with_policy(UNTOLD)
    driver.give(maintenance(minutes(1), minutes(300)), score(minutes(5), 7))
    assert driver.tick(minutes(20)) == []
    driver.give(maintenance(minutes(30), minutes(30), ended=True))
    driver.restart()
    said = driver.tick(minutes(31))
    assert [(names([e])[0], e.at, e.quiet_until) for e in said] == [("Escalated", minutes(30), None)]


def test_red_calls_where_the_policy_says_so() -> None:
    """Amber is held, red is not."""
    driver = with_policy(policy(maintenance_holds_red=False))
    driver.give(maintenance(minutes(1), minutes(60)))
    (amber,) = driver.give(score(minutes(5), 5))
    (red,) = driver.give(score(minutes(6), 8))
    assert (amber.quiet_until, red.quiet_until) == (minutes(60), None)


def test_another_ward_is_called() -> None:
    """A window is of one ward; a patient who moves out of it is told of there."""
    driver = with_policy(UNTOLD)
    driver.give(maintenance(minutes(1), minutes(60), ward="ICU"))
    (alert,) = driver.give(score(minutes(5), 7))
    assert alert.quiet_until is None
    (moved,) = driver.give(context(minutes(6), ward="ICU"))
    assert moved.quiet_until == minutes(60)
    (back,) = driver.give(context(minutes(7), ward="5B"))
    assert back.quiet_until is None


def test_what_holds_is_remembered_once_for_each_partition() -> None:
    """A standing a decision; told again it changes nothing; an old window is forgotten."""
    driver = with_policy(UNTOLD)
    word = maintenance(minutes(1), minutes(60))
    driver.give(word, word, maintenance(minutes(30), minutes(30), ended=True))
    told = [e for e in driver.said if isinstance(e, MaintenanceStanding)]
    assert [[(w.begin, w.end) for w in e.windows] for e in told] == [
        [(minutes(1), minutes(60))], [(minutes(1), minutes(60))], [(minutes(1), minutes(30))],
    ]  # fmt: skip
    driver.give(maintenance(minutes(20_000), minutes(20_100)))
    assert driver.lane is not None
    assert [w.begin for w in driver.lane.windows] == [minutes(20_000)]


def test_every_partition_has_a_lane() -> None:
    """Each lane's key lies on its own partition."""
    for partitions in (1, 2, 4, 12):
        found = lanes("main", partitions)
        assert [partition_of(f"main/{lane}", partitions) for lane in found] == list(range(partitions))
