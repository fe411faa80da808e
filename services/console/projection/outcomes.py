"""What tells whether an alert was right: diagnoses of sepsis, antibiotics (`clinical`), final words (`decisions`)."""

from schemas.codes.antibiotics import is_antibiotic
from schemas.codes.sepsis import is_sepsis
from schemas.events import ConditionRecorded, ImagingReportRead, MedicationAdministered
from services.console.projection.store import micros
from services.console.projection.turn import Turn


def diagnosed(turn: Turn, event: ConditionRecorded) -> None:
    """A diagnosis of sepsis, or its correction: what was known last counts."""
    if not is_sepsis(event.system, event.code):
        return
    turn.patient(event.patient, event.site)
    turn.db.execute(
        "INSERT INTO diagnoses VALUES (?, ?, ?, ?, ?) ON CONFLICT (condition) DO UPDATE SET"
        " patient = excluded.patient, onset = excluded.onset, active = excluded.active, known = excluded.known"
        " WHERE excluded.known >= known",
        (event.condition, event.patient, micros(event.onset or event.known), int(event.active), micros(event.known)),
    )


def given(turn: Turn, event: MedicationAdministered) -> None:
    """A dose of an antibiotic."""
    if not is_antibiotic(event.system, event.code):
        return
    turn.patient(event.patient, event.site)
    turn.db.execute(
        "INSERT INTO doses VALUES (?, ?, ?, ?) ON CONFLICT (administration) DO UPDATE SET"
        " given = excluded.given, known = excluded.known WHERE excluded.known >= known",
        (event.administration, event.patient, micros(event.given), micros(event.known)),
    )


def read(turn: Turn, event: ImagingReportRead) -> None:
    """A physician's final word about a study."""
    turn.patient(event.patient, event.site)
    turn.db.execute(
        "INSERT OR IGNORE INTO readings_final VALUES (?, ?, ?, ?, ?, ?)",
        (event.id, event.patient, event.study, event.decision, micros(event.at), micros(event.known)),
    )
    turn.db.execute(  # and in whose words: the film's page tells
        "INSERT OR IGNORE INTO decisions VALUES (?, ?, ?, 'finding', ?, ?, ?, ?, NULL)",
        (event.id, event.patient, event.study, event.decision, event.by, event.impression, micros(event.at)),
    )
