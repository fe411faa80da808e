"""A merge is two facts (design rule 13): the losing key's owner tells everything again under the surviving key.

Slow facts travel as themselves with the same id, readings as `PatientHistoryMoved`: told twice they change nothing, and
two patients merged into each other do not send each other the same facts for ever. Registrations stay: the survivor has
one.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from schemas.events import PatientHistoryMoved, PatientMerged, PatientRegistered, Reading, ReadingsRetracted
from schemas.events.clinical import MAX_READINGS
from schemas.ids import digest
from services.runtime.stage import Emit
from services.watch.course import SlowFact
from services.watch.readings import Record
from services.watch.state import PatientState
from services.watch.times import instant


def history(state: PatientState, into: str) -> list[Emit]:
    """Everything that holds of the losing patient, under the surviving key."""
    slow = [emit for fact in state.facts.values() for emit in forward_slow(fact, into)]
    standing = sorted(state.ledger.standing(), key=lambda r: (r.taken, r.id))
    return [*slow, *forward_readings(state, [_reading(r) for r in standing], into, state.as_of)]


def forward_slow(fact: SlowFact, into: str) -> list[Emit]:
    """The same fact about the survivor."""
    if isinstance(fact, PatientMerged | PatientRegistered):
        return []
    return [Emit(fact.model_copy(update={"patient": into}))]


def forward_readings(state: PatientState, readings: Sequence[Reading], into: str, known: datetime) -> list[Emit]:
    """Readings for the survivor, in parts; each part's id is the hash of its readings' ids."""
    parts = [readings[i : i + MAX_READINGS] for i in range(0, len(readings), MAX_READINGS)]
    return [
        Emit(
            PatientHistoryMoved(
                id=digest("PatientHistoryMoved", state.site, state.patient, into, *(r.id for r in part)),
                site=state.site,
                patient=into,
                known=known,
                origin=state.patient,
                readings=tuple(part),
            )
        )
        for part in parts
    ]


def forward_retraction(state: PatientState, event: ReadingsRetracted, sources: Iterable[str], into: str) -> list[Emit]:
    """The retraction, known no earlier than the history it takes back."""
    told = tuple(sources)
    if not told:
        return []
    return [Emit(event.model_copy(update={"patient": into, "sources": told, "known": state.as_of}))]


def _reading(record: Record) -> Reading:
    return Reading(
        id=record.id, source=record.source, code=record.code, value=record.value, unit=record.unit,
        taken=instant(record.taken), device=record.device,
    )  # fmt: skip
