"""Facts into state: what each kind of fact changes, and nothing about what is said because of it."""

from collections.abc import Iterable

from schemas.events import Reading, ReadingsRetracted
from services.watch.course import SlowFact, keep
from services.watch.state import PatientState
from services.watch.times import micros


def fold_readings(state: PatientState, readings: Iterable[Reading], known: int) -> list[Reading]:
    """Fold readings known at `known` (microseconds); those that were new, in the order given."""
    new = []
    anchor = state.anchor
    for reading in readings:
        added = state.ledger.add(reading, known, anchor)
        if added.new:
            new.append(reading)
        if added.rewritten:
            state.readings_changed()
        elif added.record is not None:
            state.recorded(added.record, added.dropped)
    return new


def fold_retraction(state: PatientState, event: ReadingsRetracted) -> tuple[tuple[str, ...], bool]:
    """Fold a retraction; the sources it says something new about, and whether any kept reading is affected."""
    known, anchor = micros(event.known), state.anchor
    sources = tuple(s for s in event.sources if state.ledger.retracted.get(s, -1) < known)
    affected = [source for source in sources if state.ledger.retract(source, known, anchor)]
    if affected:
        state.readings_changed()
    return sources, bool(affected)


def fold_slow(state: PatientState, fact: SlowFact) -> bool:
    """Fold a slow fact; False when it was known already."""
    if not keep(state.facts, fact):
        return False
    state.facts_changed()
    return True
