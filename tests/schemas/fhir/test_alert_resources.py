"""An alert's life as Flag, Task and Communication: valid at each step, and the same whatever order events come in."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events import (
    AlertAcknowledged,
    AlertEscalated,
    AlertEvent,
    AlertMerged,
    AlertNotified,
    AlertRaised,
    AlertResolved,
    AlertSnoozed,
    AlertSuppressed,
    AlertWentStale,
)
from schemas.fhir.alert_task import alert_task
from schemas.fhir.communication import communication
from schemas.fhir.flag import flag
from schemas.fhir.library import validate
from schemas.fhir.ours import Ref, Resource
from tests.services.outlets.alerts import STAFF, event, lives

PATIENT: Ref = {"reference": "Patient/p-1"}
FLAG: Ref = {"reference": "Flag/f-1"}
Told = tuple[Resource | None, Resource | None, Resource | None]


def tell(found: Told, said: AlertEvent) -> Told:
    """One transition to all three."""
    return (
        flag(found[0], said, id_="f-1", patient=PATIENT),
        alert_task(found[1], said, id_="t-1", patient=PATIENT, flag=FLAG, assessment="r-1"),
        communication(found[2], said, id_="c-1", patient=PATIENT, flag=FLAG),
    )


def told(events: Sequence[AlertEvent]) -> Told:
    """A life, from nothing."""
    found: Told = (None, None, None)
    for said in events:
        found = tell(found, said)
    return found


def statuses(*events: AlertEvent) -> tuple[str, ...]:
    """What the three say."""
    return tuple("" if r is None else r["status"] for r in told(events))


RAISED = event(AlertRaised, 0, role="bedside_nurse", contact="ext. 4711")
TAKEN = event(AlertAcknowledged, 7)
WORSE = event(AlertEscalated, 9, severity="red", role="charge_nurse")


@pytest.mark.parametrize(
    ("events", "wanted"),
    [
        ((), ("active", "requested", "preparation")),
        ((event(AlertNotified, 1),), ("active", "requested", "in-progress")),
        ((TAKEN,), ("active", "accepted", "completed")),
        ((TAKEN, WORSE), ("active", "requested", "in-progress")),
        ((TAKEN, event(AlertResolved, 60)), ("inactive", "completed", "completed")),
        ((event(AlertResolved, 60, by=STAFF),), ("inactive", "cancelled", "not-done")),
        ((event(AlertSnoozed, 5),), ("active", "on-hold", "completed")),
        ((event(AlertSnoozed, 5), event(AlertEscalated, 35)), ("active", "requested", "in-progress")),
        ((TAKEN, event(AlertWentStale, 20)), ("active", "accepted", "completed")),
        ((event(AlertSuppressed, 5),), ("inactive", "cancelled", "not-done")),
        ((event(AlertNotified, 1), event(AlertMerged, 5)), ("inactive", "cancelled", "completed")),
    ],
)
def test_a_life(events: tuple[AlertEvent, ...], wanted: tuple[str, ...]) -> None:
    """What stands after each transition, and that it is valid R4."""
    found = told((RAISED, *events))
    assert tuple(r["status"] for r in found if r is not None) == wanted
    assert [validate(r) for r in found if r is not None] == [None] * 3


def test_what_was_never_shown_needs_no_resource() -> None:
    """An alert that a policy withheld from the first is nothing to the hospital's server."""
    assert told([event(AlertSuppressed, 0)]) == (None, None, None)


def test_who_should_act() -> None:
    """The role and how it is reached; whoever takes it owns it; an escalation asks the next role."""
    _, first, _ = told([RAISED])
    _, taken, _ = told([RAISED, TAKEN])
    _, worse, told_of = told([RAISED, TAKEN, WORSE])
    assert first is not None and taken is not None and worse is not None and told_of is not None  # noqa: PT018
    assert (first["priority"], first["performerType"][0]["text"]) == ("asap", "bedside nurse")
    assert first["restriction"]["recipient"][0]["display"] == "bedside nurse of ward 5B: ext. 4711"
    assert first["reasonReference"]["identifier"]["value"] == "r-1"
    assert taken["owner"]["identifier"]["value"] == STAFF
    assert (worse["priority"], worse["performerType"][0]["text"], "owner" in worse) == ("stat", "charge nurse", False)
    assert [r["identifier"]["value"] for r in told_of["recipient"]] == ["5B|charge_nurse"]


def test_quiet_hours() -> None:
    """A task that nobody is to be called for before morning says so."""
    raised = event(AlertRaised, 0, role="bedside_nurse", quiet_until=RAISED.at + timedelta(hours=6))
    _, task, _ = told([raised])
    assert task is not None
    assert task["restriction"]["period"] == {"start": "2026-03-01T14:00:00.000+00:00"}
    assert validate(task) is None


@pytest.mark.parametrize("theirs", ["in-progress", "rejected", "completed", "failed"])
def test_the_hospitals_own_workflow(theirs: str) -> None:
    """What they made of the task is kept; only an escalation asks again, and not of somebody at work."""
    _, task, _ = told([RAISED])
    assert task is not None
    moved = task | {"status": theirs, "note": [{"text": "theirs"}]}
    found = tell((None, moved, None), event(AlertWentStale, 5))[1]
    assert found is not None
    assert (found["status"], found["note"], found["businessStatus"]["coding"][0]["code"]) == (
        theirs, [{"text": "theirs"}], "stale",
    )  # fmt: skip
    again = tell((None, found, None), WORSE)[1]
    assert again is not None
    assert again["status"] == ("in-progress" if theirs == "in-progress" else "requested")
    over = tell((None, found, None), event(AlertResolved, 60))[1]
    assert over is not None
    assert over["status"] == theirs


def test_an_error_is_left_alone() -> None:
    """What the hospital marked as entered in error is not brought back."""
    wrong = tuple(r | {"status": "entered-in-error"} for r in told([RAISED]) if r is not None)
    assert tell((wrong[0], wrong[1], wrong[2]), WORSE) == wrong


@given(lives(), st.randoms(use_true_random=False))
def test_any_order_gives_the_same(events: list[AlertEvent], random: Any) -> None:  # noqa: ANN401 - hypothesis' own
    """Late, repeated and shuffled transitions leave what the right order leaves."""
    over = [n for n, e in enumerate(events) if isinstance(e, AlertResolved | AlertMerged | AlertSuppressed)]
    life = events[: over[0] + 1] if over else events  # the authority says nothing after the end
    right = told(life)
    assert told([*life, *life]) == right
    shuffled = [*life[1:], *random.sample(life, len(life))]
    random.shuffle(shuffled)
    late = told([life[0], *shuffled])
    assert [_meaning(r) for r in late] == [_meaning(r) for r in right]


def _meaning(resource: Resource | None) -> object:
    """What must not depend on the order. A task's status is its newest transition's, given the one before it."""
    assert resource is not None
    path = {"status", "owner", "performerType", "restriction"} if resource["resourceType"] == "Task" else set()
    kept = {k: v for k, v in resource.items() if k not in path}
    return kept | {"recipient": sorted(map(str, resource.get("recipient", ())))}
