"""The loop on fakes: whatever fails between any two turns, the log ends up the same."""

import math
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.envelope import decode
from schemas.events import ForecastMissed, Quarantined, RiskForecasted
from services.runtime import loading, saving, stream, ticks
from services.runtime.errors import DependencyError, StaleWriter
from services.runtime.holding import PoisonError
from services.runtime.ports import Partition
from services.runtime.stream import StreamLoop
from tests.services.runtime.tally import MODELS, T0, Hospital, Tally


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Polls that do not wait, ticks without grace."""
    monkeypatch.setattr(stream, "POLL_S", 0.0)
    monkeypatch.setattr(ticks, "GRACE_S", 0.0)
    monkeypatch.setattr(ticks, "PERIOD_S", 0.0)
    monkeypatch.setattr(stream, "RETRY_S", 0.0)
    monkeypatch.setattr(saving, "SAVE_S", 0.0)


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
        st.tuples(st.just("request"), st.integers(0, 3)),
        st.tuples(
            st.sampled_from(
                [
                    "turn",
                    "turn",
                    "crash",
                    "flush",
                    "ray down",
                    "ray up",
                    "redis down",
                    "redis up",
                    "hour",
                    "rebalance",
                    "double off",
                    "double on",
                    "torn",
                ]
            )
        ),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(script=faults, save_s=st.sampled_from([0.0, math.inf]))
@example(script=[("record", 0, 0.0), ("turn",), ("double off",), ("turn",), ("turn",), ("turn",)], save_s=0.0)
@example(script=[("turn",), ("double off",), ("record", 0, 0.0), ("turn",), ("flush",), ("turn",)], save_s=0.0)
def test_every_event_has_one_answer_whatever_fails(script: list[tuple], save_s: float) -> None:  # noqa: C901, PLR0912, PLR0915 - a script
    """Crashes, an emptied or dead Redis and a dead Ray lose nothing and repeat nothing; states equal the fold.

    Whether states are saved after each turn or only when nothing more comes.
    """
    saving.SAVE_S = save_s
    stream.POLL_S = ticks.GRACE_S = ticks.PERIOD_S = 0.0
    hospital, expected = Hospital(), Counter[str]()
    totals: Counter[str] = Counter()
    loop, worker = StreamLoop(Tally(), hospital.parts()), hospital.parts().worker()

    def turn() -> None:
        nonlocal loop, worker
        hospital.clock.instant += timedelta(milliseconds=1)  # two ticks of one instant would be one cause
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
        elif what == "request":
            hospital.request(*args)
        elif what == "turn":
            turn()
        elif what == "torn":  # dies after the commit, before the state store has heard of it
            hospital.store.down = True
            turn()
            hospital.store.down = False
            loop, worker = StreamLoop(Tally(), hospital.parts()), hospital.parts().worker()
        elif what == "double off":
            hospital.models.down.add("double")
        elif what == "double on":
            hospital.models.down.clear()
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
    hospital.models.down.clear()
    for _ in range(4):
        turn()
        hospital.clock.instant += timedelta(seconds=1)
    found = outputs(hospital)
    ids = Counter(event.id for event in found)
    assert all(count == 1 for count in ids.values())
    kinds = RiskForecasted | ForecastMissed
    answered = sum(1 for e in found if isinstance(e, kinds) and e.known < T0 + timedelta(minutes=50))
    assert answered >= len(expected) * len(MODELS)
    kept: dict[tuple[str, str], float] = {}
    for event in found:
        if isinstance(event, RiskForecasted):
            place = (event.key, event.model)
            assert event.threshold == kept.get(place, 0.0), "what was answered before is not what the log says"
            if event.features != "asked":
                kept[place] = event.probability
    for key, total in totals.items():
        held = next(h.states[key] for h in loop.holdings.values() if key in h.states)
        assert held.total == pytest.approx(total)
        assert not held.owed
        assert held.said == {model: p for (patient, model), p in kept.items() if patient == key}


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
    assert sum(isinstance(e, ForecastMissed) for e in found) == 2 * len(MODELS)
    assert [e.probability for e in found if isinstance(e, RiskForecasted)] == [11.0 / 12.0, 11.0 / 11.5]


def test_one_model_that_fails_misses_no_other() -> None:
    """The other model's forecasts are made; after a crash and an empty store only the missed ones are still owed."""
    hospital = Hospital()
    loop, worker = StreamLoop(Tally(), hospital.parts()), hospital.parts().worker()
    hospital.models.down.add("double")
    hospital.record(1, 5.0)
    drive(loop, worker)
    assert [(type(e), e.model) for e in outputs(hospital)][:2] == [
        (ForecastMissed, "double"), (RiskForecasted, "triple"),
    ]  # fmt: skip
    hospital.store.flush()
    hospital.models.down.clear()
    hospital.clock.instant += timedelta(seconds=1)
    drive(StreamLoop(Tally(), hospital.parts()), hospital.parts().worker())
    assert [e.model for e in outputs(hospital) if isinstance(e, RiskForecasted)] == ["triple", "double"]


def test_a_fact_that_only_asks_changes_no_state() -> None:
    """It is answered from the state as it stands; nothing is begun by it, and a rebuild knows nothing of it."""
    hospital = Hospital()
    hospital.record(1, 5.0)
    loop, worker = StreamLoop(Tally(), hospital.parts()), hospital.parts().worker()
    drive(loop, worker)
    before = {k: loop.stage.pack(s) for h in loop.holdings.values() for k, s in h.states.items()}
    stored, heard = {n: hospital.store.load("tally", n) for n in range(2)}, list(hospital.clock.heard)
    hospital.request(1)
    hospital.request(2)
    drive(loop, worker)
    asked = [e for e in outputs(hospital) if isinstance(e, RiskForecasted) and e.features == "asked"]
    assert [(e.patient, e.model) for e in asked] == [("patient-1", "double"), ("patient-1", "triple")]
    assert {k: loop.stage.pack(s) for h in loop.holdings.values() for k, s in h.states.items()} == before
    assert {n: hospital.store.load("tally", n) for n in range(2)} == stored
    assert hospital.clock.heard == heard, "a question is no fact: clinical time does not follow it"
    hospital.store.flush()
    again = StreamLoop(Tally(), hospital.parts())
    drive(again, hospital.parts().worker())
    assert {k: again.stage.pack(s) for h in again.holdings.values() for k, s in h.states.items()} == before
    assert len(outputs(hospital)) == 4


@pytest.mark.parametrize("chunk", [1, 3, 1000])
def test_what_was_answered_is_recalled_from_the_log(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a crash between commit and store no model is asked again, however far back the outputs lie."""
    monkeypatch.setattr(loading, "CHUNK", chunk)
    hospital = Hospital()
    loop, worker = StreamLoop(Tally(), hospital.parts()), hospital.parts().worker()
    for value in (1.0, 2.0, 3.0):
        hospital.record(1, value)
        hospital.record(2, value)
        drive(loop, worker, 1)
    drive(loop, worker)
    hospital.store.down = True
    for value in (4.0, 400.0):
        hospital.record(1, value)
        drive(loop, worker)
    hospital.store.down = False
    before = {k: loop.stage.pack(s) for h in loop.holdings.values() for k, s in h.states.items()}
    calls, again = hospital.inference.calls, StreamLoop(Tally(), hospital.parts())
    drive(again, hospital.parts().worker())
    assert {k: again.stage.pack(s) for h in again.holdings.values() for k, s in h.states.items()} == before
    assert hospital.inference.calls == calls


def test_an_answer_may_lead_to_one_more_question_in_the_same_turn() -> None:
    """It is asked before the same commit, and what comes of it lies where the first answer would have lain."""
    hospital = Hospital()
    for value in (1.0, 99.0, 1.0):
        hospital.record(1, value)
    loop, worker = StreamLoop(Tally(), hospital.parts()), hospital.parts().worker()
    drive(loop, worker, 2)
    told = [(e.model, e.probability) for e in outputs(hospital)]
    assert [model for model, _ in told] == [*MODELS] * 3
    assert [p for _, p in told] == [t / (m + t) for t in (1.0, 100.0, 101.0) for m in (1.0, 0.5)]
    assert hospital.inference.calls == 4


def test_debtors_of_an_absent_model_cost_nothing_while_they_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray away: ticks that change nothing are not written down, and no state is saved for them. One model that fails
    while others answer is left in peace for a while before its debts are asked for again.
    """
    hospital = Hospital()
    loop, worker = StreamLoop(Tally(), hospital.parts()), hospital.parts().worker()
    hospital.inference.down = True
    hospital.record(1, 5.0)
    drive(loop, worker)
    noted = {where: len(records) for where, records in hospital.log.records.items()}
    saved = {n: hospital.store.load("tally", n) for n in range(2)}
    drive(loop, worker, 5)
    assert {where: len(records) for where, records in hospital.log.records.items()} == noted
    assert {n: hospital.store.load("tally", n) for n in range(2)} == saved
    hospital.inference.down = False
    hospital.models.down.add("double")
    monkeypatch.setattr(stream, "RETRY_S", 60.0)
    drive(loop, worker, 5)
    missed = [e for e in outputs(hospital) if isinstance(e, ForecastMissed)]
    assert [e.model for e in missed] == [*MODELS]
    assert hospital.models.refused == {"double": 1}
    hospital.models.down.clear()
    loop._retry_at = 0.0
    drive(loop, worker)
    assert sorted(e.model for e in outputs(hospital) if isinstance(e, RiskForecasted)) == [*MODELS]


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
    assert sum(isinstance(e, RiskForecasted) for e in outputs(hospital)) == len(MODELS)


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
    told = [e.probability for e in outputs(hospital) if isinstance(e, RiskForecasted) and e.model == "double"]
    assert told == [0.5, 5.0 / 6.0]
    refused = [decode(r.value, r.headers).event for r in hospital.log.records[Partition("quarantine", 0)]]
    assert [type(e) for e in refused] == [Quarantined]


def test_a_snapshot_and_the_log_after_it_give_the_same_states() -> None:
    """A lost Redis is rebuilt from the newest snapshot and what came after it."""
    hospital = Hospital()
    loop, worker = StreamLoop(Tally(), hospital.parts()), hospital.parts().worker()
    hospital.record(1, 1.0)
    drive(loop, worker)
    loop.saving.snapshot()
    assert hospital.objects.names("snapshots")
    hospital.record(1, 2.0)
    drive(loop, worker)
    before = {k: loop.stage.pack(s) for h in loop.holdings.values() for k, s in h.states.items()}
    hospital.store.flush()
    again = StreamLoop(Tally(), hospital.parts())
    drive(again, hospital.parts().worker())
    assert {k: again.stage.pack(s) for h in again.holdings.values() for k, s in h.states.items()} == before


def test_a_busy_turn_leaves_the_store_for_later_and_a_quiet_one_saves(monkeypatch: pytest.MonkeyPatch) -> None:
    """While records come the store may be SAVE_S old; when a poll brought none it holds all."""
    monkeypatch.setattr(saving, "SAVE_S", math.inf)
    hospital = Hospital()
    loop, worker = StreamLoop(Tally(), hospital.parts()), hospital.parts().worker()
    loop.turn(worker)

    def stored() -> dict[str, bytes]:
        found = [hospital.store.load("tally", number) for number in loop.holdings]
        return {key: content for one in found if one is not None for key, content in one[1].items()}

    def held() -> dict[str, bytes]:
        return {key: loop.stage.pack(s) for h in loop.holdings.values() for key, s in h.states.items()}

    for patient in range(4):
        hospital.record(patient, 1.0)
    loop.turn(worker)
    assert held()
    assert not stored()
    loop.turn(worker)
    assert stored() == held()
