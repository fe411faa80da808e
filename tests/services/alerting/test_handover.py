"""A merge carries over what people said and who was asked: nothing of it begins anew."""

import pytest

from schemas.events import (
    AlertAcknowledged,
    AlertHandedOver,
    AlertMerged,
    AlertRaised,
    AlertSnoozed,
)
from services.alerting.cases import PatientCases
from services.runtime.ports import Partition
from services.runtime.stage import Received
from tests.services.alerting.given import UNTOLD, Driver, context, decided, minutes, names, score, with_policy

OTHER = "patient-0002"


def handed(loser: Driver, at: float) -> list[AlertHandedOver]:
    """The losing record is merged; what its alerts leave to the survivor."""
    loser.give(context(minutes(at), open_=False, into=OTHER))
    return [e for e in loser.said if isinstance(e, AlertHandedOver)]


def as_survivor(event: AlertHandedOver, survivor: Driver) -> list[str]:
    """Given to the survivor, restarted before and after; what was said."""
    assert event.patient == OTHER
    survivor.restart()
    said = names(survivor.give(event.model_copy(update={"patient": "patient-0001"})))
    survivor.restart()
    return said


def survivor() -> Driver:
    """The other record, on the same ward."""
    return with_policy(UNTOLD)


def test_an_acknowledged_alert_goes_on_acknowledged() -> None:
    """Under the id that AlertMerged named, by the same person; nobody is called about it again."""
    loser, other = with_policy(UNTOLD), survivor()
    (alert,) = loser.give(score(minutes(1), 7))
    loser.give(decided(minutes(3), alert.alert, "acknowledge"))
    (event,) = handed(loser, 10)
    merged = next(e for e in loser.said if isinstance(e, AlertMerged))
    assert as_survivor(event, other) == ["Raised", "Acknowledged"]
    raised = next(e for e in other.said if isinstance(e, AlertRaised))
    taken = next(e for e in other.said if isinstance(e, AlertAcknowledged))
    assert event.taken_by == taken.by == "nurse"
    assert taken.why == "carried over with the merged record: seen"
    assert raised.quiet_until == raised.at
    assert merged.into_patient == OTHER
    assert names(other.tick(minutes(100))) == []


def test_a_snooze_goes_on_to_its_own_end() -> None:
    """Not a minute longer."""
    loser, other = with_policy(UNTOLD), survivor()
    (alert,) = loser.give(score(minutes(1), 7))
    loser.give(decided(minutes(3), alert.alert, "snooze", until=minutes(40)))
    assert as_survivor(handed(loser, 10)[0], other) == ["Raised", "Snoozed"]
    assert next(e for e in other.said if isinstance(e, AlertSnoozed)).until == minutes(40)
    assert [e.at for e in other.tick(minutes(41))] == [minutes(40)]


def test_who_was_asked_and_since_when_goes_on() -> None:
    """The charge nurse had been asked at 16; rapid response is at 31, as if there had been no merge."""
    loser, other = with_policy(UNTOLD), survivor()
    loser.give(score(minutes(1), 7))
    loser.tick(minutes(20))
    assert as_survivor(handed(loser, 20)[0], other) == ["Raised"]
    raised = next(e for e in other.said if isinstance(e, AlertRaised))
    assert (raised.role, raised.next_role, raised.next_at) == ("charge_nurse", "rapid_response", minutes(31))
    assert [(e.at, names([e])[0]) for e in other.tick(minutes(32))] == [(minutes(31), "Escalated")]


@pytest.mark.parametrize(
    ("theirs", "mine", "said"), [(7, 5, ["Acknowledged"]), (5, 5, ["Acknowledged"]), (5, 8, list[str]())]
)
def test_a_word_about_one_counts_for_both_unless_the_other_is_worse(theirs: int, mine: int, said: list[str]) -> None:
    """Both records had an alert: a person answers for the person, but not for a red one by taking an amber one."""
    loser, other = with_policy(UNTOLD), survivor()
    (alert,) = loser.give(score(minutes(1), theirs))
    loser.give(decided(minutes(3), alert.alert, "acknowledge"))
    other.give(score(minutes(2), mine))
    assert as_survivor(handed(loser, 10)[0], other) == said
    assert other.state is not None
    assert other.state.cases["news2"].severity == ("amber" if (theirs, mine) == (5, 5) else "red")


def test_of_two_unanswered_ones_the_longer_wait_counts() -> None:
    """The survivor's was raised later: its next role is asked when the other's would have been."""
    loser, other = with_policy(UNTOLD), survivor()
    loser.give(score(minutes(1), 7))
    other.give(score(minutes(9), 7))
    assert as_survivor(handed(loser, 10)[0], other) == []
    assert [e.at for e in other.tick(minutes(17))] == [minutes(16)]


def test_a_worse_one_wakes_the_other() -> None:
    """Red and unanswered there, amber and taken here: it is asked again, as red."""
    loser, other = with_policy(UNTOLD), survivor()
    loser.give(score(minutes(1), 8))
    (alert,) = other.give(score(minutes(2), 5))
    other.give(decided(minutes(3), alert.alert, "acknowledge"))
    assert as_survivor(handed(loser, 10)[0], other) == ["Escalated"]


def test_a_care_limit_of_the_survivor_withholds_it() -> None:
    """Suppressed, with the reason; told again it changes nothing."""
    loser, other = with_policy(UNTOLD), survivor()
    loser.give(score(minutes(1), 7))
    other.give(context(minutes(2), limit="comfort"))
    (event,) = handed(loser, 10)
    assert as_survivor(event, other) == ["Suppressed"]
    assert as_survivor(event, other) == []


def test_nothing_stands_nothing_is_handed_over() -> None:
    """And a kind that nobody knows here is passed over."""
    loser = with_policy(UNTOLD)
    assert handed(loser, 10) == []
    loser = with_policy(UNTOLD)
    loser.give(score(minutes(1), 7))
    (event,) = handed(loser, 10)
    state = PatientCases("main", OTHER, {})
    assert UNTOLD.kinds
    assert survivor().stage.step(state, Received(event, Partition("decisions", 0), 0))[1] == ()
