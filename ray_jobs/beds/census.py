"""Who lies where: encounter facts folded into wards and beds, whatever order they came in.

Design rule 5: the census is the fold of all facts known so far in the order they were *taken*.
A fact told again replaces the earlier telling (newest `known` wins, then id), so every order of
arrival gives the same census, and the running counts always equal a recount.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from schemas.events.clinical import (
    EncounterCancelled,
    EncounterEnded,
    EncounterStarted,
    EncounterTransferred,
    PatientMerged,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from schemas.events import Event, Place
    from schemas.events.clinical import EncounterEvent


_E = TypeVar("_E", bound="Event")


@dataclass(frozen=True, slots=True)
class Spell:
    """One unbroken time of an encounter in one ward; `left` is None while it lasts, `died` where it ended so."""

    encounter: str
    patient: str
    ward: str | None
    place: Place
    entered: datetime
    left: datetime | None
    specialty: str | None
    kind: str
    died: bool = False


@dataclass(slots=True)
class _Told:
    """The newest telling of each fact of one encounter; transfers are told apart by when they took place."""

    started: EncounterStarted | None = None
    passing: EncounterStarted | None = None
    """The beginning as messages about something later tell it."""
    moves: dict[datetime, EncounterTransferred] = field(default_factory=dict)
    ends: dict[str, EncounterEnded] = field(default_factory=dict)
    """Each end, and each time that it was taken back, as it was told first: a resend of an older one is nothing new."""
    cancelled: EncounterCancelled | None = None

    @property
    def ended(self) -> EncounterEnded | None:
        """What holds of the end: what was told of it last."""
        return max(self.ends.values(), key=_stamp, default=None)

    def facts(self) -> Iterator[EncounterEvent]:
        yield from (f for f in (self.started, self.passing, self.cancelled) if f is not None)
        yield from self.ends.values()
        yield from self.moves.values()


@dataclass(slots=True)
class Census:
    """The state of the fold. `patients` in it are the surviving keys after merges."""

    _told: dict[str, _Told] = field(default_factory=dict)
    _present: dict[str, Spell] = field(default_factory=dict)
    _occupied: Counter[str | None] = field(default_factory=Counter)
    _merged: dict[str, PatientMerged] = field(default_factory=dict)

    def apply(self, event: Event) -> frozenset[str | None]:
        """Fold one event; the wards whose census it changed. Events that are not about encounters change none."""
        if isinstance(event, PatientMerged):
            self._merged[event.patient] = _newest(self._merged.get(event.patient), event)
            return frozenset()
        if not isinstance(event, EncounterStarted | EncounterTransferred | EncounterEnded | EncounterCancelled):
            return frozenset()
        told = self._told.setdefault(event.encounter, _Told())
        match event:
            case EncounterStarted(in_passing=True):
                told.passing = _newest(told.passing, event)
            case EncounterStarted():
                told.started = _newest(told.started, event)
            case EncounterTransferred():
                told.moves[event.moved] = _newest(told.moves.get(event.moved), event)
            case EncounterEnded():
                held = told.ends.get(event.id)
                told.ends[event.id] = event if held is None or _stamp(event) < _stamp(held) else held
            case EncounterCancelled():
                told.cancelled = _newest(told.cancelled, event)
        return self._place(event.encounter, _present(spells_of(event.encounter, told)))

    def present(self) -> list[Spell]:
        """Everyone who is in the hospital by what is known now, by encounter."""
        return [self._surviving(self._present[encounter]) for encounter in sorted(self._present)]

    def occupied(self) -> dict[str | None, int]:
        """How many lie in each ward; None counts those whose ward nobody said."""
        return {ward: n for ward, n in self._occupied.items() if n}

    def beds(self) -> dict[str, list[Spell]]:
        """Who is in each named bed; more than one means that the sources contradict each other."""
        beds: dict[str, list[Spell]] = {}
        for spell in self.present():
            if spell.place.bed is not None:
                beds.setdefault(spell.place.bed, []).append(spell)
        return beds

    def spells(self) -> list[Spell]:
        """Every time spent in a ward that is known of, past and present, by encounter."""
        return [
            self._surviving(spell)
            for encounter in sorted(self._told)
            for spell in spells_of(encounter, self._told[encounter])
        ]

    def facts(self) -> Iterator[Event]:
        """The newest telling of every fact: folded again, in any order, they give this census."""
        for encounter in sorted(self._told):
            yield from self._told[encounter].facts()
        yield from self._merged.values()

    def at(self, instant: datetime) -> list[Spell]:
        """Who was where at an instant, by what is known now: a recount from every spell."""
        return [s for s in self.spells() if s.entered <= instant and (s.left is None or instant < s.left)]

    def forget(self, before: datetime) -> None:
        """Drop the encounters that ended, or were known to be cancelled, before an instant."""
        for encounter, told in list(self._told.items()):
            ended = told.ended is not None and told.ended.ended is not None and told.ended.ended < before
            if ended or (told.cancelled is not None and told.cancelled.known < before):
                self._place(encounter, None)
                del self._told[encounter]

    def _surviving(self, spell: Spell) -> Spell:
        key, seen = spell.patient, {spell.patient}
        while (merge := self._merged.get(key)) is not None and merge.into not in seen:
            key = merge.into
            seen.add(key)
        if key == spell.patient:
            return spell
        return replace(spell, patient=key)

    def _place(self, encounter: str, now: Spell | None) -> frozenset[str | None]:
        before = self._present.pop(encounter, None)
        if now is not None:
            self._present[encounter] = now
        wards: set[str | None] = set()
        for spell, change in ((before, -1), (now, +1)):
            if spell is not None:
                self._occupied[spell.ward] += change
                wards.add(spell.ward)
        return frozenset(wards) if before != now else frozenset()


def spells_of(encounter: str, told: _Told) -> list[Spell]:
    """The times in wards that one encounter's facts tell of, in order; none when it was cancelled."""
    if told.cancelled is not None:
        return []
    end = told.ended.ended if told.ended is not None else None
    newest = max(told.facts(), key=_stamp)
    stops = [(m.moved, 1, m.place) for m in told.moves.values()]
    began = told.started or told.passing
    if began is not None:
        stops.append((began.started, 0, began.place))
    stops.sort(key=lambda stop: stop[:2])
    latest = max((f for f in (told.started, told.passing) if f is not None), key=_stamp, default=None)
    specialty = latest.specialty if latest is not None else None
    kind = latest.kind if latest is not None else "inpatient"
    spells: list[Spell] = []
    for index, (came, _, place) in enumerate(stops):
        if end is not None and came >= end:
            break
        left = stops[index + 1][0] if index + 1 < len(stops) else end
        if end is not None and (left is None or left > end):
            left = end
        entered = spells.pop().entered if spells and spells[-1].ward == place.ward else came
        spells.append(Spell(encounter, newest.patient, place.ward, place, entered, left, specialty, kind))
    if spells and told.ended is not None and told.ended.outcome == "died":
        spells[-1] = replace(spells[-1], died=True)
    return spells


def fold(events: Iterable[Event]) -> Census:
    """The census after these events."""
    census = Census()
    for event in events:
        census.apply(event)
    return census


def _present(spells: list[Spell]) -> Spell | None:
    return spells[-1] if spells and spells[-1].left is None else None


def _stamp(event: Event) -> tuple[datetime, str]:
    return event.known, event.id


def _newest(held: _E | None, told: _E) -> _E:
    return told if held is None or _stamp(told) >= _stamp(held) else held
