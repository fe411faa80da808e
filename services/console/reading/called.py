"""Who is asked about an alert now and who comes next, who has the call, and the wards on which nobody is called."""

import sqlite3
from datetime import datetime
from typing import Final

from services.console import words
from services.console.projection.store import instant, instant_or_none, micros
from services.console.reading.parts import Called, Closed, Told

MOST_TOLD: Final = 6
STEPS: Final = tuple(words.ROLES)
"""In the order in which they are asked."""


def called(db: sqlite3.Connection, alert: str, now: datetime) -> Called | None:
    """The newest call of an alert; None where the log told of none."""
    row = db.execute(
        "SELECT * FROM calls WHERE alert = ? AND what IN ('Raised', 'Escalated') ORDER BY position DESC LIMIT 1",
        (alert,),
    ).fetchone()
    if row is None:
        return None
    said = {
        r["what"]
        for r in db.execute("SELECT what FROM calls WHERE alert = ? AND call = ?", (alert, row["call"])).fetchall()
    }
    quiet = instant_or_none(row["quiet_until"])
    role = row["role"]
    return Called(
        call=row["call"],
        role=role,
        role_text=words.ROLES.get(role, ""),
        step=STEPS.index(role) + 1 if role in STEPS else None,
        contact=row["contact"],
        at=instant(row["at"]),
        next_role=row["next_role"],
        next_text=words.ROLES.get(row["next_role"], ""),
        next_at=instant_or_none(row["next_at"]),
        quiet_until=quiet if quiet is not None and quiet > now else None,
        reached="Notified" in said,
        unreached="Unreached" in said and "Notified" not in said,
        told=_told(db, alert),
    )


def _told(db: sqlite3.Connection, alert: str) -> tuple[Told, ...]:
    """The newest deliveries of any call of the alert."""
    rows = db.execute("SELECT * FROM deliveries WHERE alert = ? ORDER BY at DESC, id LIMIT ?", (alert, MOST_TOLD))
    return tuple(
        Told(
            receiver=r["receiver"], channel=r["channel"], channel_text=words.CHANNELS.get(r["channel"], r["channel"]),
            role_text=words.ROLES.get(r["role"], ""), at=instant(r["at"]),
        )
        for r in rows
    )  # fmt: skip


def maintenance(db: sqlite3.Connection, site: str, now: datetime, ward: str | None = None) -> tuple[Closed, ...]:
    """The wards on which nobody is called now because a person decided so; that of a policy file is not known here."""
    rows = db.execute(
        "SELECT b.ward, coalesce(l.name, b.ward) AS name, min(b.at) AS since,"
        " max(min(b.until, coalesce((SELECT min(e.at) FROM maintenance e WHERE e.site = b.site AND e.ward = b.ward"
        "   AND e.ended AND e.at >= b.at), b.until))) AS until, b.who, b.why"
        " FROM maintenance b LEFT JOIN locations l ON l.site = b.site AND l.location = b.ward"
        " WHERE b.site = :site AND NOT b.ended AND b.at <= :now AND (:ward IS NULL OR b.ward = :ward)"
        "   AND b.until > :now AND NOT EXISTS (SELECT 1 FROM maintenance e WHERE e.site = b.site AND e.ward = b.ward"
        "     AND e.ended AND e.at >= b.at AND e.at <= :now)"
        " GROUP BY b.ward ORDER BY b.ward",
        {"site": site, "now": micros(now), "ward": ward},
    )
    return tuple(
        Closed(
            ward=r["ward"], ward_name=r["name"], since=instant(r["since"]), until=instant(r["until"]), who=r["who"],
            why=r["why"],
        )
        for r in rows.fetchall()
    )  # fmt: skip
