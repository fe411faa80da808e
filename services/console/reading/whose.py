"""On which ward a patient is, or last was: what somebody who sees some wards only is asked about."""

import sqlite3

from services.console.reading import board

_SUBJECTS = {
    "alert": "SELECT patient FROM alerts WHERE alert = ?",
    "finding": "SELECT patient FROM findings WHERE id = ?",
}


def patient_of(db: sqlite3.Connection, parameters: dict[str, str]) -> str | None:
    """The patient whom a route's path is about: by key, alert or finding; None for no one, or no one known."""
    if "key" in parameters:
        return parameters["key"]
    for name, query in _SUBJECTS.items():
        if name in parameters:
            row = db.execute(query, (parameters[name],)).fetchone()
            return None if row is None else str(row["patient"])
    return None


def ward_of(db: sqlite3.Connection, site: str, patient: str) -> str | None:
    """The ward of the patient's present stay, else of the last one; after a merge the surviving record's."""
    for _ in range(8):  # a chain of merges is short; a ring would be a fault of the source, and must not hang here
        row = db.execute("SELECT merged_into FROM patients WHERE patient = ?", (patient,)).fetchone()
        if row is None or row["merged_into"] is None:
            break
        patient = row["merged_into"]
    stays = db.execute(board.STAY + " AND e.site = ? AND e.patient = ?", (site, patient)).fetchall()
    if not stays:
        return None
    stay = max(stays, key=lambda s: (s["ended"] is None, s["started"], s["encounter"]))
    ward: str | None = stay["ward"]
    return ward
