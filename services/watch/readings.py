"""A patient's readings by clock hour, in a form that does not depend on the order they came in (design rules 1, 5, 6).

Laws, held by tests/services/watch/test_readings.py:
- a reading id counts once, however often it is sent, even after its value has been thinned away;
- of one source the version with the highest `known` holds (ties: id), unless it was retracted at or after that `known`;
- a minute and code belong to the source taken last (ties: source); the others are counted and not kept;
- after RAW_HOURS only the last reading of each grid hour and code is kept, after KEPT_HOURS only fingerprints.
The state is the same for every order of arrival, as long as facts come within RAW_HOURS of `taken` and corrections in a
minute with several sources keep their `taken`.
"""

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, NamedTuple

from ray_jobs.risk.grid import EXTRA_NAMES, NAMES, cell
from schemas.events import Reading
from services.watch.times import HOUR_US, MINUTE_US, micros

RAW_HOURS: Final = 48
KEPT_HOURS: Final = 336
HOURLY: Final = frozenset((*NAMES, *EXTRA_NAMES))
"""Codes that have a column in one of the hourly grids."""


class Record(NamedTuple):
    """A version of a reading; `taken` and `known` in microseconds since 1970."""

    id: str
    source: str
    code: str
    value: float
    unit: str
    taken: int
    known: int
    device: str | None


class Added(NamedTuple):
    """What a reading did: whether it was `new`; the record to put into what was derived (in place of `dropped`);
    or that what was derived must be made anew.
    """

    new: bool
    record: Record | None = None
    dropped: Record | None = None
    rewritten: bool = False


def fingerprint(reading_id: str) -> int:
    """64 bits of an id: enough to know it again within one patient's hour."""
    return int.from_bytes(blake2b(reading_id.encode(), digest_size=8).digest(), "big")


@dataclass(slots=True)
class Hour:
    """The readings taken in one clock hour: all ids ever seen, sorted, and the records still kept."""

    seen: "array[int]" = field(default_factory=lambda: array("Q"))
    records: dict[str, Record] = field(default_factory=dict)
    owners: dict[tuple[int, str], tuple[int, str]] = field(default_factory=dict)
    """(minute, code) to (taken, source) of whom it belongs to."""
    packed: bytes | None = None

    def own(self) -> None:
        """Derive `owners` from the records."""
        self.owners = {}
        for r in self.records.values():
            slot = (r.taken // MINUTE_US, r.code)
            self.owners[slot] = max(self.owners.get(slot, (-1, "")), (r.taken, r.source))


@dataclass(slots=True)
class Ledger:
    """All readings of one patient. `thinned` is the first clock hour whose readings are all kept."""

    hours: dict[int, Hour] = field(default_factory=dict)
    sources: dict[str, tuple[tuple[int, str], ...]] = field(default_factory=dict)
    """Where each source's kept versions lie: (hour, id)."""
    retracted: dict[str, int] = field(default_factory=dict)
    applied: int = 0
    thinned: int = 0

    def add(self, reading: Reading, known: int, anchor: int) -> Added:
        """Fold one version of one reading; `anchor` is an instant at which a grid hour begins."""
        taken = micros(reading.taken)
        number = taken // HOUR_US
        hour = self.hours.get(number)
        if hour is None:
            hour = self.hours[number] = Hour()
        mark = fingerprint(reading.id)
        at = bisect_left(hour.seen, mark)
        if at < len(hour.seen) and hour.seen[at] == mark:
            return self._again(hour, reading.id, known)
        hour.seen.insert(at, mark)
        hour.packed = None
        self.applied += 1
        if number < self.thinned - KEPT_HOURS + RAW_HOURS:
            return Added(new=True)
        record = Record(
            reading.id, reading.source, reading.code, reading.value, reading.unit, taken, known, reading.device
        )
        return self._place(hour, number, record, anchor)

    def _again(self, hour: Hour, reading_id: str, known: int) -> Added:
        """A resend changes nothing; but the earliest `known` of an id is the one that counts, whichever came first."""
        held = hour.records.get(reading_id)
        if held is None or held.known <= known:
            return Added(new=False)
        hour.records[reading_id] = held._replace(known=known)
        hour.packed = None
        return Added(new=False, rewritten=True)

    def _place(self, hour: Hour, number: int, record: Record, anchor: int) -> Added:
        slot = (record.taken // MINUTE_US, record.code)
        owner = hour.owners.get(slot)
        dropped: list[Record] = []
        if owner is not None and owner[1] != record.source:
            if (record.taken, record.source) < owner:
                return Added(new=True)
            dropped = [
                r for r in hour.records.values() if r.source == owner[1] and (r.taken // MINUTE_US, r.code) == slot
            ]
            self._drop(dropped)
        hour.owners[slot] = (
            (record.taken, record.source) if owner is None else max(owner, (record.taken, record.source))
        )
        others = self.sources.get(record.source, ())
        hour.records[record.id] = record
        self.sources[record.source] = (*others, (number, record.id))
        plain = not others and len(dropped) <= 1 and record.known > self.retracted.get(record.source, -1)
        if plain and dropped:
            plain = dropped[0].known > self.retracted.get(dropped[0].source, -1)
        if number < self.thinned:
            plain = False
            for each in {number, *(h for h, _ in others)}:
                self._thin(each, anchor)
        if not plain:
            return Added(new=True, rewritten=True)
        return Added(new=True, record=record, dropped=dropped[0] if dropped else None)

    def _drop(self, records: list[Record]) -> None:
        """No longer keep these; with the version that holds go all versions of its source, lest an older one revive."""
        doomed = {place for r in records for place in self.sources[r.source] if place[1] == r.id or self.holds(r)}
        for number, reading_id in doomed:
            hour = self.hours[number]
            record = hour.records.pop(reading_id)
            hour.packed = None
            left = tuple(v for v in self.sources[record.source] if v[1] != reading_id)
            if left:
                self.sources[record.source] = left
            else:
                del self.sources[record.source]

    def retract(self, source: str, known: int, anchor: int) -> bool:
        """The source says its readings known up to now were never right; whether anything kept is affected."""
        if self.retracted.get(source, -1) >= known:
            return False
        self.retracted[source] = known
        versions = self.sources.get(source, ())
        for number in {n for n, _ in versions if n < self.thinned}:
            self._thin(number, anchor)
        return bool(versions)

    def holds(self, record: Record) -> bool:
        """Whether this version is what its source says now."""
        if record.known <= self.retracted.get(record.source, -1):
            return False
        versions = self.sources[record.source]
        if len(versions) == 1:
            return True
        return max((self.hours[n].records[i].known, i) for n, i in versions) == (record.known, record.id)

    def standing(self) -> Iterator[Record]:
        """Every kept reading that holds."""
        for hour in self.hours.values():
            for record in hour.records.values():
                if self.holds(record):
                    yield record

    def advance(self, known: int, anchor: int) -> bool:
        """Time went on to `known`: thin what has become old. Whether `thinned` moved."""
        start = known // HOUR_US - RAW_HOURS
        if start <= self.thinned:
            return False
        before, self.thinned = self.thinned, start
        emptied = start - KEPT_HOURS + RAW_HOURS
        was_emptied = before - KEPT_HOURS + RAW_HOURS
        ripe = [n for n in self.hours if before <= n < start or was_emptied <= n < emptied]
        for number in ripe:
            self._thin(number, anchor)
        return True

    def _thin(self, number: int, anchor: int) -> None:
        """Keep the last reading of each grid hour and code (ties: id), as `ray_jobs.risk.grid` defines it."""
        hour = self.hours[number]
        last: dict[tuple[int, str], Record] = {}
        if number >= self.thinned - KEPT_HOURS + RAW_HOURS:
            for r in hour.records.values():
                if r.code in HOURLY and not math.isnan(cell(r.code, r.value)) and self.holds(r):
                    key = ((r.taken - anchor) // HOUR_US, r.code)
                    held = last.get(key)
                    if held is None or (held.taken, held.id) < (r.taken, r.id):
                        last[key] = r
        keep = {r.id for r in last.values()}
        gone = [r for r in hour.records.values() if r.id not in keep]
        self._drop(gone)
        if gone:
            hour.own()
