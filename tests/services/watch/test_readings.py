"""The laws of the ledger of readings (services/watch/readings.py)."""

from datetime import timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ray_jobs.risk.grid import GridReading, build_grid, cell
from schemas.events import Reading
from services.watch.chart import COLUMN, ROWS, chart
from services.watch.pack import pack, unpack
from services.watch.state import PatientState
from services.watch.times import micros
from tests.services.watch.given import T0, Driver, extra_grid, minutes, observed, reading, stage, started, vitals

CODES = ("heart_rate", "urine_output", "lactate", "consciousness")
Fact = tuple[str, Reading, int]


@st.composite
def versions(draw: st.DrawFn) -> list[Fact]:
    """Readings (each source has a minute of its own), corrections, retractions and resends, with their `known`."""
    facts: list[Fact] = []
    for minute in draw(st.lists(st.integers(0, 600), unique=True, min_size=1, max_size=12)):
        code = draw(st.sampled_from(CODES))
        for version in range(draw(st.integers(1, 3))):
            value = draw(st.sampled_from([0.0, 1.0, 60.0, 120.0]))
            r = reading(code, value, minutes(minute), source=f"s{minute}", version=version)
            known = minute + draw(st.integers(0, 300))
            facts.append(("read", r, known))
            if draw(st.booleans()):
                facts.append(("read", r, known + draw(st.integers(0, 50))))
            if draw(st.integers(0, 4)) == 0:
                facts.append(("retract", r, known + draw(st.integers(-10, 50))))
    return facts


def folded(facts: list[Fact], state: PatientState | None = None) -> PatientState:
    """The facts in this order, the chart carried along."""
    state = state or PatientState("main", "patient-0001")
    _ = state.chart
    for what, r, known in facts:
        at = minutes(known)
        state.heard(at)
        if what == "read":
            added = state.ledger.add(r, micros(at), state.anchor)
            if added.rewritten:
                state.readings_changed()
            elif added.record is not None:
                state.recorded(added.record, added.dropped)
        elif state.ledger.retract(r.source, micros(at), state.anchor):
            state.readings_changed()
        _ = state.chart
    return state


@given(st.data(), versions())
def test_any_order_of_the_same_facts_gives_the_same_bytes(data: st.DataObject, facts: list[Fact]) -> None:
    """State does not depend on the order of arrival."""
    other = data.draw(st.permutations(facts))
    assert pack(folded(facts)) == pack(folded(other))


@given(versions())
def test_a_packed_state_comes_back_whole(facts: list[Fact]) -> None:
    """Unpack is the inverse of pack, and what is derived is derived alike."""
    state = folded(facts)
    again = unpack(pack(state))
    assert pack(again) == pack(state)
    assert again.chart.latest == state.chart.latest


@given(versions())
def test_every_id_is_counted_once(facts: list[Fact]) -> None:
    """`applied` is the number of distinct reading ids, whatever was repeated or retracted."""
    assert folded(facts).ledger.applied == len({r.id for what, r, _ in facts if what == "read"})


@given(versions())
def test_the_highest_known_version_holds(facts: list[Fact]) -> None:
    """What stands equals a plain recount: per source the version with the highest first `known`, unless retracted."""
    first: dict[str, tuple[int, Reading]] = {}
    gone: dict[str, int] = {}
    for what, r, known in facts:
        if what == "read":
            first[r.id] = min(first.get(r.id, (known, r)), (known, r), key=lambda f: f[0])
        else:
            gone[r.source] = max(gone.get(r.source, -(10**9)), known)
    best: dict[str, tuple[int, str]] = {}
    for reading_id, (known, r) in first.items():
        best[r.source] = max(best.get(r.source, (-(10**9), "")), (known, reading_id))
    expected = {i for source, (known, i) in best.items() if known > gone.get(source, -(10**9))}
    assert {r.id for r in folded(facts).ledger.standing()} == expected


crowded = st.lists(
    st.tuples(st.sampled_from(CODES), st.integers(0, 60 * 60 * 30), st.integers(50, 120), st.sampled_from("ab")),
    min_size=1, max_size=40, unique_by=lambda r: (r[0], r[1], r[3]),
)  # fmt: skip


@given(st.data(), crowded)
def test_crowded_minutes_are_thinned_alike_in_any_order(
    data: st.DataObject, rows: list[tuple[str, int, int, str]]
) -> None:
    """At most one reading a minute and code is kept, the same one whatever came first, and all are counted."""
    facts = [
        ("read", reading(code, value, T0 + timedelta(seconds=s), device=d), s // 60 + 1) for code, s, value, d in rows
    ]
    state, other = folded(facts), folded(data.draw(st.permutations(facts)))
    assert pack(state) == pack(other)
    kept = [(r.code, r.taken // 60_000_000) for r in state.ledger.standing()]
    assert len(kept) == len(set(kept))
    assert state.ledger.applied == len(facts)


@given(crowded)
def test_a_resend_changes_nothing_even_after_thinning(rows: list[tuple[str, int, int, str]]) -> None:
    """Every reading of the past two weeks sent again leaves the bytes as they were."""
    facts = [
        ("read", reading(code, value, T0 + timedelta(seconds=s), device=d), s // 60 + 1) for code, s, value, d in rows
    ]
    state = folded(facts)
    state.heard(T0 + timedelta(days=10))
    before = pack(state)
    assert pack(folded([(what, r, 10 * 24 * 60) for what, r, _ in facts], state)) == before


old = st.lists(
    st.tuples(st.sampled_from(CODES[:2]), st.integers(0, 60 * 100), st.integers(50, 120)),
    min_size=1, max_size=40, unique_by=lambda r: (r[0], r[1]),
)  # fmt: skip


@given(st.data(), old)
def test_late_readings_join_the_hourly_cells_in_any_order(
    data: st.DataObject, rows: list[tuple[str, int, int]]
) -> None:
    """Plain readings over four days give the same state however late they come."""
    facts = [("read", reading(code, value, minutes(m)), m) for code, m, value in rows]
    assert pack(folded(facts)) == pack(folded(data.draw(st.permutations(facts))))


def cells(r: GridReading) -> bool:
    """Whether a reading has a cell in one of the grids."""
    return r.name in COLUMN and np.isfinite(cell(r.name, r.value))


@settings(max_examples=50)
@given(st.data(), versions(), st.sampled_from([0, 24 * 60, 3 * 24 * 60]))
def test_the_grids_carried_along_are_those_of_the_definition(
    data: st.DataObject, facts: list[Fact], later: int
) -> None:
    """Cell by cell, to the bit: `ray_jobs.risk.grid.build_grid` of what stands, also after two days' thinning; and
    the other grid by the same rule. Late, corrected and retracted readings give what the clean order gives.
    """
    driver = Driver(stage())
    driver.give(started())
    state = folded(data.draw(st.permutations(facts)), driver.state)
    state.heard(minutes(1000 + later))
    standing = {s.id for s in folded(facts).ledger.standing()}
    clean = [
        GridReading(r.code, r.value, r.taken, r.id)
        for r in {f[1].id: f[1] for f in facts}.values() if r.id in standing
    ]  # fmt: skip
    for made in (state.chart, chart(state.ledger, state.admission)):
        np.testing.assert_array_equal(made.grid, build_grid(clean, T0, ROWS))
        np.testing.assert_array_equal(made.extra, extra_grid(clean, T0, ROWS))
        assert made.newest == chart(state.ledger, state.admission).newest
        assert {code: held.value for code, held in made.newest.items()} == {
            r.name: r.value for r in sorted(clean, key=lambda r: (r.taken, r.reading_id)) if cells(r)
        }  # fmt: skip


def test_readings_older_than_two_weeks_are_counted_only() -> None:
    """A history of years is applied (and known again when it is resent) without being kept."""
    driver = Driver(stage())
    event = observed(T0, *(reading("heart_rate", 70, T0 - timedelta(days=400 + n)) for n in range(50)))
    assert driver.give(event) != []
    assert driver.give(event) == []
    assert driver.state.ledger.applied == 50
    assert driver.state.ledger.sources == {}


def test_hours_that_did_not_change_are_not_packed_again() -> None:
    """The bytes of an old hour are the same object from one pack to the next."""
    driver = Driver(stage())
    driver.give(started(), vitals(minutes(5)))
    pack(driver.state)
    before = dict(driver.state.ledger.hours)
    packed = {n: h.packed for n, h in before.items()}
    driver.give(vitals(minutes(200)))
    pack(driver.state)
    assert all(driver.state.ledger.hours[n].packed is content for n, content in packed.items())
