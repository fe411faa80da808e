"""The projection's rows depend on the facts in the log, not on how or when they were read."""

import random
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.events import (
    EncounterEnded,
    EncounterStarted,
    EncounterTransferred,
    Event,
    ObservationsRecorded,
    Place,
    Reading,
    ReadingsRetracted,
)
from services.console.projection.fold import Touched, fold, positions
from services.console.projection.follower import Follower
from services.console.projection.store import Store, instant, micros, path_of
from services.runtime.clock import ToldClock
from services.runtime.errors import DependencyError
from services.runtime.fake_log import FakeLog
from services.runtime.outgoing import outgoing
from services.runtime.ports import Partition, Record
from tests.browser.example_event import NOW
from tests.browser.example_ward import example_ward

OF_READING = {"offsets", "counts", "meta"}
"""Tables about what was read; all others are about what is."""
Batch = Mapping[Partition, Sequence[Record]]


def logged(events: Sequence[Event]) -> FakeLog:
    """A log that holds these."""
    log = FakeLog()
    log.append([outgoing(e, source="test", partitions=4) for e in events])
    return log


EVENTS = example_ward(hours=3, people=4).events
LOG = logged(EVENTS)
NAMES = iter(range(1_000_000))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where stores are made; names never repeat."""
    return tmp_path


def store_in(folder: Path) -> Store:
    """A new, empty store."""
    return Store(f"sqlite:///{folder}/{next(NAMES)}.db")


def rows(store: Store, *, apart_from: set[str] = OF_READING) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables but these, by table."""
    with store.reading() as db:
        names = [r["name"] for r in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return {
            name: sorted((tuple(r) for r in db.execute(f'SELECT * FROM "{name}"')), key=repr)  # noqa: S608 - our own tables
            for name in names
            if name not in apart_from
        }


def in_batches(log: FakeLog, rng: random.Random) -> Iterator[Batch]:
    """All records, each partition's in order, partitions and sizes at random."""
    left = {p: list(records) for p, records in log.records.items() if records}
    while left:
        batch: dict[Partition, Sequence[Record]] = {}
        for partition in rng.sample(sorted(left), rng.randint(1, len(left))):
            size = rng.randint(1, 60)
            batch[partition] = left[partition][:size]
            left[partition] = left[partition][size:]
            if not left[partition]:
                del left[partition]
        yield batch


def folded_at_once(folder: Path) -> Store:
    """The rows that every other way of reading must come to."""
    store = store_in(folder)
    fold(store, LOG.records)
    return store


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_order_of_topics_is_irrelevant(folder: Path, seed: int) -> None:
    """However topics and partitions are interleaved and cut into batches, the rows are the same."""
    store = store_in(folder)
    for batch in in_batches(LOG, random.Random(seed)):
        fold(store, batch)
    assert rows(store) == rows(folded_at_once(folder))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), crash=st.integers(0, 400))
def test_a_killed_turn_leaves_nothing_and_goes_on(folder: Path, seed: int, crash: int) -> None:
    """Killed inside a transaction and started again from the stored offsets, the projection has the same rows."""
    url = f"sqlite:///{folder}/{next(NAMES)}.db"
    store = Store(url)
    for done, batch in enumerate(in_batches(LOG, random.Random(seed))):
        if done == crash % 7:
            before = rows(store, apart_from=set())
            broken = {p: [*records, None] for p, records in batch.items()}  # the fold dies on what is no record
            with pytest.raises(AttributeError):
                fold(store, broken)  # type: ignore[arg-type]
            assert rows(store, apart_from=set()) == before
            break
        fold(store, batch)
    store.close()
    resumed = Store(url)
    where = positions(resumed)
    fold(resumed, {p: records[where.get(p, 0) :] for p, records in LOG.records.items()})
    assert rows(resumed, apart_from={"meta"}) == rows(folded_at_once(folder), apart_from={"meta"})


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_a_repeated_event_changes_nothing(folder: Path, seed: int) -> None:
    """An event that lies in the log twice, at any later place, is folded once."""
    rng = random.Random(seed)
    again = logged([*EVENTS, *rng.sample(EVENTS, 40)])
    store = store_in(folder)
    fold(store, again.records)
    assert rows(store) == rows(folded_at_once(folder))


def observed(source: str, version: int, value: float, known_min: int) -> ObservationsRecorded:
    """One version of one heart rate, taken now."""
    reading = Reading(id=f"{source}/{version}", source=source, code="heart_rate", value=value, unit="/min", taken=NOW)
    known = NOW + timedelta(minutes=known_min)
    return ObservationsRecorded(
        id=f"e-{source}-{version}", site="main", known=known, patient="patient-1", readings=(reading,)
    )


@given(st.permutations(range(4)))
@settings(max_examples=24, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_corrections_and_retractions_hold_in_any_order(folder: Path, order: list[int]) -> None:
    """A correction replaces by source, a retraction empties, and neither depends on which came first."""
    facts: list[Event] = [
        observed("a", 1, 80, 0),
        observed("a", 2, 88, 5),
        observed("b", 1, 300, 1),
        ReadingsRetracted(id="r", site="main", known=NOW + timedelta(minutes=9), patient="patient-1", sources=("b",)),
    ]
    store = store_in(folder)
    fold(store, logged([facts[i] for i in order]).records)
    with store.reading() as db:
        found = db.execute("SELECT source, value FROM readings ORDER BY source").fetchall()
    assert [tuple(r) for r in found] == [("a", 88.0), ("b", None)]


def begun(ward: str, minute: int, *, in_passing: bool = False) -> EncounterStarted:
    """A stay that began now, as it was told some minutes later."""
    return EncounterStarted(
        id=f"s-{ward}-{minute}", site="main", known=NOW + timedelta(minutes=minute), patient="patient-1",
        encounter="e-1", started=NOW, place=Place(ward=ward), in_passing=in_passing,
        kind="inpatient" if in_passing else "emergency",
    )  # fmt: skip


@given(st.permutations(range(4)))
@settings(max_examples=24, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_told_in_passing_never_replaces_where_a_stay_began(folder: Path, order: list[int]) -> None:
    """A transfer that names its own ward as the first one, before or after the admission is heard; its class holds."""
    moved = EncounterTransferred(
        id="m", site="main", known=NOW + timedelta(minutes=9), patient="patient-1", encounter="e-1",
        moved=NOW + timedelta(minutes=8), place=Place(ward="B"),
    )  # fmt: skip
    facts: list[Event] = [begun("A", 1), begun("A2", 2), begun("B", 9, in_passing=True), moved]
    store = store_in(folder)
    told: list[Event] = [facts[i] for i in order]
    fold(store, logged(told).records)
    with store.reading() as db:
        places = db.execute("SELECT ward FROM moves ORDER BY at, in_passing DESC, known").fetchall()
        stay = db.execute("SELECT ward, kind, started FROM encounters").fetchone()
    assert [r["ward"] for r in places] == ["B", "A", "A2", "B"]
    assert tuple(stay) == ("B", "inpatient", micros(NOW))
    store = store_in(folder)
    fold(store, logged([fact for fact in told if fact is not moved]).records)
    with store.reading() as db:
        assert db.execute("SELECT ward FROM encounters").fetchone()["ward"] == "A2"


@given(st.permutations(range(4)))
@settings(max_examples=24, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_end_that_was_taken_back_is_not_told_anew_by_a_resend(folder: Path, order: list[int]) -> None:
    """Discharged, taken back, and the first message once more: still here, as watch and census have it."""

    def end(name: str, minute: int, ended: datetime | None) -> EncounterEnded:
        known = NOW + timedelta(minutes=minute)
        return EncounterEnded(id=name, site="main", known=known, patient="patient-1", encounter="e-1", ended=ended)

    facts: list[Event] = [begun("A", 0), end("end", 2, NOW), end("back", 3, None), end("end", 4, NOW)]
    store = store_in(folder)
    fold(store, logged([facts[i] for i in order]).records)
    with store.reading() as db:
        assert db.execute("SELECT ended FROM encounters").fetchone()["ended"] is None
    assert at_moment(store, NOW + timedelta(minutes=2.5)) == micros(NOW)


def at_moment(store: Store, moment: datetime) -> int | None:
    """When the stay had ended by what was known at an instant."""
    with store.as_known(moment) as db:
        found: int | None = db.execute("SELECT ended FROM encounters").fetchone()["ended"]
    return found


def test_only_two_days_of_readings_are_kept(folder: Path) -> None:
    """Readings taken more than 48 hours before the newest fact leave, and late ones do not come back."""
    store = store_in(folder)
    old = observed("old", 1, 70, 0)
    old = old.model_copy(
        update={"readings": (old.readings[0].model_copy(update={"taken": NOW - timedelta(hours=47)}),)}
    )
    fold(store, logged([old]).records)
    assert [r[1] for r in rows(store)["readings"]] == ["old"]
    fold(store, logged([old, observed("new", 1, 71, 120)]).records)
    fold(store, logged([old.model_copy(update={"id": "late"})]).records)
    assert [r[1] for r in rows(store)["readings"]] == ["new"]


def test_what_cannot_be_read_is_counted_and_passed_over(folder: Path) -> None:
    """Bad data is a value: it is counted as unreadable, and the fold goes on behind it."""
    log = logged(EVENTS[:1])
    partition = next(p for p, records in log.records.items() if records)
    log.records[partition].append(Record(partition, 1, "k", b"{not json", (), 0))
    store = store_in(folder)
    fold(store, log.records)
    with store.reading() as db:
        counted = db.execute("SELECT events FROM counts WHERE type = 'unreadable'").fetchone()
    assert counted["events"] == 1
    assert positions(store)[partition] == 2


def test_the_follower_waits_for_a_log_that_is_down(folder: Path) -> None:
    """A log that does not answer is an outage of its own, and folding goes on where it stood."""
    log, store, told = logged(EVENTS), store_in(folder), list[Touched]()
    follower = Follower(log.reader, store, ToldClock(), told.append)
    log.down = True
    with pytest.raises(DependencyError):
        follower.turn(0)
    log.down = False
    while sum(map(len, log.records.values())) > follower.standing.folded:
        follower.turn(0)
    follower.turn(0)
    assert follower.standing.state == "live"
    assert rows(store) == rows(folded_at_once(folder))
    assert sum(t.events for t in told) == len(EVENTS)


def test_a_new_log_is_folded_anew(folder: Path) -> None:
    """A store that is ahead of its log belongs to another log: it is emptied and filled again."""
    store = store_in(folder)
    fold(store, LOG.records)
    short = logged(EVENTS[:50])
    follower = Follower(short.reader, store, ToldClock(), lambda _: None)
    with pytest.raises(DependencyError):
        follower.turn(0)
    for _ in range(3):
        follower.turn(0)
    fresh = store_in(folder)
    fold(fresh, short.records)
    assert rows(store) == rows(fresh)


def test_a_store_of_another_version_is_thrown_away(folder: Path) -> None:
    """The store is a copy of the log: a file of another version is deleted, not migrated."""
    path = folder / "old.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE offsets (topic TEXT)")
        db.execute("PRAGMA user_version = 999")
    store = Store(f"sqlite:///{path}")
    assert store.emptied
    assert positions(store) == {}


@given(st.datetimes(timezones=st.just(UTC)))
def test_instants_survive_the_store(moment: datetime) -> None:
    """An instant comes out of the store as it went in, to the microsecond."""
    assert instant(micros(moment)) == moment


def test_only_sqlite_files_are_taken() -> None:
    """A URL of anything but a SQLite file is refused by name."""
    with pytest.raises(ValueError, match="WARDWATCH_CONSOLE_DB_URL"):
        path_of("postgresql://somewhere/console")
