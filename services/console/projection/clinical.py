"""Facts about patients (topic `clinical`): who, where, since when, and what was measured.

Facts come in order of arrival and tell of clinical times in any order: each group of columns keeps
the fact with the latest clinical time, then the one known last (design rule 5).
"""

from collections.abc import Sequence
from typing import Final

from schemas.events import (
    AdmissionRequested,
    CareLimitSet,
    EncounterCancelled,
    EncounterEnded,
    EncounterStarted,
    EncounterTransferred,
    ObservationsRecorded,
    OxygenTargetPrescribed,
    PatientHistoryMoved,
    PatientMerged,
    PatientRegistered,
    ReadingsRetracted,
)
from services.console.projection.store import micros, micros_or_none
from services.console.projection.turn import Turn

# One row a source: a correction replaces it, a retraction empties it, whichever of them comes first.
IN_PASSING: Final = 1 << 60
"""More microseconds than any instant has."""
READING: Final = """
INSERT INTO readings (patient, source, code, value, taken, known, id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (patient, source) DO UPDATE SET
    code = coalesce(excluded.code, code), value = excluded.value, taken = excluded.taken,
    known = excluded.known, id = excluded.id
WHERE (excluded.known, excluded.id) > (readings.known, readings.id)
"""
# Of two versions of a source the earlier one is kept aside, whichever of them comes first.
NEW: Final = "INSERT OR IGNORE INTO readings VALUES (?, ?, ?, ?, ?, ?, ?)"
ASIDE: Final = """
INSERT OR IGNORE INTO replaced
SELECT * FROM (SELECT * FROM readings WHERE patient = ?1 AND source = ?2 AND (known, id) < (?6, ?7)
    UNION ALL SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 FROM readings
        WHERE patient = ?1 AND source = ?2 AND (known, id) > (?6, ?7))
"""


def observed(turn: Turn, event: ObservationsRecorded | PatientHistoryMoved) -> None:
    """Readings of the last 48 hours, for the trends."""
    turn.patient(event.patient, event.site)
    known = micros(event.known)
    rows = [
        (event.patient, r.source, r.code, r.value, taken, known, r.id)
        for r in event.readings
        if (taken := micros(r.taken)) >= turn.oldest
    ]
    _read(turn, rows)


def _read(turn: Turn, rows: Sequence[tuple[str | int | float | None, ...]]) -> None:
    for row in rows:
        if not turn.db.execute(NEW, row).rowcount:
            turn.db.execute(ASIDE, row)
            turn.db.execute(READING, row)


def retracted(turn: Turn, event: ReadingsRetracted) -> None:
    """A reading that was never right: its source keeps an empty row, so that a late resend stays away."""
    turn.patient(event.patient, event.site)
    known = micros(event.known)
    _read(turn, [(event.patient, s, None, None, known, known, event.id) for s in event.sources])


def registered(turn: Turn, event: PatientRegistered) -> None:
    """Birth date and sex: the fact known last."""
    turn.patient(event.patient, event.site)
    known = micros(event.known)
    turn.db.execute(
        "UPDATE patients SET born = ?, sex = ?, died = ?, told = ? WHERE patient = ? AND told <= ?",
        (str(event.born) if event.born else None, event.sex, micros_or_none(event.died), known, event.patient, known),
    )


def started(turn: Turn, event: EncounterStarted) -> None:
    """A stay began, or was corrected."""
    turn.patient(event.patient, event.site)
    known = micros(event.known)
    _stay(turn, event.patient, event.encounter, event.site)
    turn.db.execute(
        "UPDATE encounters SET kind = ?, specialty = ?, told = ? WHERE patient = ? AND encounter = ? AND told <= ?",
        (event.kind, event.specialty, known, event.patient, event.encounter, known),
    )
    rank = _rank(event)
    turn.db.execute(
        "UPDATE encounters SET started = ?, admitted = ?, began_rank = ?"
        " WHERE patient = ? AND encounter = ? AND began_rank <= ?",
        (micros(event.started), micros_or_none(event.admitted), rank, event.patient, event.encounter, rank),
    )
    _placed(turn, event, micros(event.started))


def transferred(turn: Turn, event: EncounterTransferred) -> None:
    """The patient lies elsewhere."""
    turn.patient(event.patient, event.site)
    _stay(turn, event.patient, event.encounter, event.site)
    _placed(turn, event, micros(event.moved))


def ended(turn: Turn, event: EncounterEnded) -> None:
    """The stay is over, or it is not after all."""
    turn.patient(event.patient, event.site)
    _stay(turn, event.patient, event.encounter, event.site)
    who = (event.patient, event.encounter)
    # As it was told first: a resend of an end that was taken back since closes nothing (services/watch/course.py).
    turn.db.execute(
        "INSERT INTO ends VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET known = min(known, excluded.known)",
        (event.id, *who, micros_or_none(event.ended), micros(event.known), event.outcome),
    )
    turn.db.execute(
        "UPDATE encounters SET (ended, ended_known, outcome) = (SELECT ended, known, outcome FROM ends"
        " WHERE patient = ? AND encounter = ? ORDER BY known DESC, id DESC LIMIT 1)"
        " WHERE patient = ? AND encounter = ?",
        (*who, *who),
    )


def cancelled(turn: Turn, event: EncounterCancelled) -> None:
    """The stay never was."""
    turn.patient(event.patient, event.site)
    _stay(turn, event.patient, event.encounter, event.site)
    turn.db.execute(
        "UPDATE encounters SET cancelled = 1 WHERE patient = ? AND encounter = ?", (event.patient, event.encounter)
    )


def _stay(turn: Turn, patient: str, encounter: str, site: str) -> None:
    turn.db.execute(
        "INSERT OR IGNORE INTO encounters (patient, encounter, site) VALUES (?, ?, ?)", (patient, encounter, site)
    )


def _rank(event: EncounterStarted | EncounterTransferred) -> int:
    """The newest telling wins; any that is about the beginning wins over all that tell of it in passing."""
    return micros(event.known) - (IN_PASSING if isinstance(event, EncounterStarted) and event.in_passing else 0)


def _placed(turn: Turn, event: EncounterStarted | EncounterTransferred, at: int) -> None:
    place, known, rank = event.place, micros(event.known), _rank(event)
    turn.db.execute(
        "UPDATE encounters SET ward = ?, room = ?, bed = ?, moved = ?, moved_known = ?"
        " WHERE patient = ? AND encounter = ? AND (moved, moved_known) <= (?, ?)",
        (place.ward, place.room, place.bed, at, rank, event.patient, event.encounter, at, rank),
    )
    turn.db.execute(
        "INSERT OR IGNORE INTO moves VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (event.id, event.patient, event.encounter, at, known, place.ward, place.room, place.bed, rank < 0),
    )


def limited(turn: Turn, event: CareLimitSet) -> None:
    """How far care is to go: the latest decision."""
    turn.patient(event.patient, event.site)
    at, known = micros(event.decided), micros(event.known)
    turn.db.execute(
        "UPDATE patients SET care_limit = ?, limited = ?, limit_known = ?"
        " WHERE patient = ? AND (limited, limit_known) <= (?, ?)",
        (event.limit, at, known, event.patient, at, known),
    )
    turn.db.execute(
        "INSERT OR IGNORE INTO limits (id, patient, at, known, care_limit) VALUES (?, ?, ?, ?, ?)",
        (event.id, event.patient, at, known, event.limit),
    )


def oxygen_prescribed(turn: Turn, event: OxygenTargetPrescribed) -> None:
    """The oxygen saturation to aim at: the latest prescription."""
    turn.patient(event.patient, event.site)
    at, known = micros(event.prescribed), micros(event.known)
    turn.db.execute(
        "UPDATE patients SET oxygen_scale = ?, oxygen_low = ?, oxygen_high = ?, oxygen_at = ?, oxygen_known = ?"
        " WHERE patient = ? AND (oxygen_at, oxygen_known) <= (?, ?)",
        (event.scale, event.low_percent, event.high_percent, at, known, event.patient, at, known),
    )
    turn.db.execute(
        "INSERT OR IGNORE INTO limits VALUES (?, ?, ?, ?, NULL, ?, ?, ?)",
        (event.id, event.patient, at, known, event.scale, event.low_percent, event.high_percent),
    )


def requested(turn: Turn, event: AdmissionRequested) -> None:
    """Someone waits for a bed, or waits no longer."""
    turn.patient(event.patient, event.site)
    known = micros(event.known)
    turn.db.execute(
        "INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (request) DO UPDATE SET"
        " patient = excluded.patient, requested = excluded.requested, specialty = excluded.specialty,"
        " priority = excluded.priority, isolation = excluded.isolation, sex = excluded.sex,"
        " expected_stay_hours = excluded.expected_stay_hours, status = excluded.status, known = excluded.known,"
        " surgery = excluded.surgery WHERE excluded.known >= requests.known",
        (
            event.request,
            event.site,
            event.patient,
            micros(event.requested),
            event.specialty,
            event.priority,
            event.isolation,
            event.sex,
            event.expected_stay_hours,
            event.status,
            known,
            event.surgery is not None,
        ),
    )


def merged(turn: Turn, event: PatientMerged) -> None:
    """The key is another patient's from now on."""
    turn.patient(event.patient, event.site)
    turn.db.execute("UPDATE patients SET merged_into = ? WHERE patient = ?", (event.into, event.patient))
