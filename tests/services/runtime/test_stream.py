"""The loop on fakes: whatever fails between any two turns, the log ends up the same."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.envelope import decode
from schemas.events import ForecastMissed, Quarantined, RiskForecasted
from services.runtime import stream, ticks
from services.runtime.errors import DependencyError, StaleWriter
from services.runtime.holding import PoisonError
from services.runtime.ports import Partition
from services.runtime.stream import StreamLoop
from tests.services.runtime.tally import T0, Hospital, Tally


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Polls that do not wait, ticks without grace."""
    monkeypatch.setattr(stream, "POLL_S", 0.0)
    monkeypatch.setattr(ticks, "GRACE_S", 0.0)
    monkeypatch.setattr(ticks, "PERIOD_S", 0.0)


def drive(loop: StreamLoop, worker: object, turns: int = 3) -> None:
    """A few turns."""
    for _ in range(turns):
        loop.turn(worker)


def outputs(hospital: Hospital, topic: str = "risk") -> list[object]:
    """What lies in a topic."""
    found = []
    for number in range(2):
        found += [decode(r.value, r.headers).event for r in hospital.log.records[Partition(topic, number)]]
    return found


faults = st.lists(
    st.one_of(
        st.tuples(st.just("record"), st.integers(0, 3), st.floats(0, 100)),
        st.tuples(
            st.sampled_from(
                ["turn", "crash", "flush", "ray down", "ray up", "redis down", "redis up", "hour", "rebalance"]
            )
        ),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(script=faults)
def test_every_event_has_one_answer_whatever_fails(script: list[tuple]) -> None:  # noqa: C901 - a fault script
    """Crashes, an emptied or dead Redis and a dead Ray lose nothing and repeat nothing; states equal the fold."""
    stream.POLL_S = ticks.GRACE_S = ticks.PERIOD_S = 0.0
    hospital, expected = Hospital(), Counter[str]()
    totals: Counter[str] = Counter()
    loop, worker = StreamLoop(Tally(), hospital.parts()), hospital.parts().worker()

    def turn() -> None:
        nonlocal loop, worker
        for _ in range(4):
            try:
                loop.turn(worker)
                return
            except (DependencyError, StaleWriter):
                loop, worker = StreamLoop(Tally(), hospital.parts()), hospital.parts().worker()
        msg = "the loop does not recover"
        raise AssertionError(msg)

    for what, *args in script:
        if what == "record":
            expected[hospital.record(*args)] += 1
            totals[f"main/patient-{args[0]}"] += args[1]
        elif what == "turn":
            turn()
        elif what == "crash":
            loop, worker = StreamLoop(Tally(), hospital.parts()), hospital.parts().worker()
        elif what == "flush":
            hospital.store.flush()
        elif what == "rebalance":
            worker.rebalance()
        elif what == "hour":
            hospital.clock.instant += timedelta(hours=1)
        else:
            part, state = what.split()
            (hospital.inference if part == "ray" else hospital.store).down = state == "down"
    hospital.inference.down = hospital.store.down = False
    for _ in range(4):
        turn()
        hospital.clock.instant += timedelta(seconds=1)
    found = outputs(hospital)
    ids = Counter(event.id for event in found)
    assert all(count == 1 for count in ids.values())
    kinds = RiskForecasted | ForecastMissed
    answered = sum(1 for e in found if isinstance(e, kinds) and e.known < T0 + timedelta(minutes=50))
    assert answered >= len(expected)
    for key, total in totals.items():
        held = next(h.states[key] for h in loop.holdings.values() if key in h.states)
        assert held.total == pytest.approx(total)
        assert not held.owed


def test_a_dead_model_is_recorded_and_made_good_once() -> None:
    """A missed forecast is written as missed, and one late forecast follows when the model is back."""
    hospital = Hospital()
    loop, worker = StreamLoop(Tally(), hospital.parts()), hospital.parts().worker()
    hospital.inference.down = True
    hospital.record(1, 5.0)
    hospital.record(1, 6.0)
    drive(loop, worker)
    hospital.inference.down = False
    hospital.clock.instant += timedelta(seconds=1)
    drive(loop, worker)
    found = outputs(hospital)
    assert sum(isinstance(e, ForecastMissed) for e in found) == 2
    assert [e.probability for e in found if isinstance(e, RiskForecasted)] == [11.0 / 12.0]


def test_a_debt_survives_a_crash_and_an_empty_store() -> None:
    """What is owed is known from the log: a new worker without any stored state still makes it good."""
    hospital = Hospital()
    loop, worker = StreamLoop(Tally(), hospital.parts()), hospital.parts().worker()
    hospital.inference.down = True
    hospital.record(1, 5.0)
    drive(loop, worker)
    hospital.store.flush()
    hospital.inference.down = False
    again, next_worker = StreamLoop(Tally(), hospital.parts()), hospital.parts().worker()
    hospital.clock.instant += timedelta(seconds=1)
    drive(again, next_worker)
    assert sum(isinstance(e, RiskForecasted) for e in outputs(hospital)) == 1


def test_an_input_that_breaks_the_core_is_set_aside() -> None:
    """One poisoned event goes to quarantine; its neighbours, before and after, are folded."""
    hospital = Hospital()
    hospital.record(1, 1.0)
    hospital.record(1, 2.0, code="poison")
    hospital.record(1, 4.0)
    loop, worker = StreamLoop(Tally(), hospital.parts()), hospital.parts().worker()
    with pytest.raises(PoisonError) as caught:
        drive(loop, worker)
    loop._poison.add((*caught.value.record.partition, caught.value.record.offset))
    loop.holdings.clear()
    drive(loop, hospital.parts().worker())
    assert [e.probability for e in outputs(hospital) if isinstance(e, RiskForecasted)] == [0.5, 5.0 / 6.0]
    refused = [decode(r.value, r.headers).event for r in hospital.log.records[Partition("quarantine", 0)]]
    assert [type(e) for e in refused] == [Quarantined]


def test_a_snapshot_and_the_log_after_it_give_the_same_states() -> None:
    """A lost Redis is rebuilt from the newest snapshot and what came after it."""
    hospital = Hospital()
    loop, worker = StreamLoop(Tally(), hospital.parts()), hospital.parts().worker()
    hospital.record(1, 1.0)
    drive(loop, worker)
    loop._snapshot(force=True)
    assert hospital.objects.names("snapshots")
    hospital.record(1, 2.0)
    drive(loop, worker)
    before = {k: loop.stage.pack(s) for h in loop.holdings.values() for k, s in h.states.items()}
    hospital.store.flush()
    again = StreamLoop(Tally(), hospital.parts())
    drive(again, hospital.parts().worker())
    assert {k: again.stage.pack(s) for h in again.holdings.values() for k, s in h.states.items()} == before
