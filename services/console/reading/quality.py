"""Alarm quality by ward and kind, from the transitions, decisions, census and stays that the projection keeps.

An alert belongs to the ward and the moment at which it was raised. *Answered* is a person's first word about it
(acknowledged, snoozed, called wrong, overridden, closed). *Right by decisions* are the alerts that somebody answered
and nobody called wrong or overrode: what clinicians judged. *Right by outcome* is what became of the patient, by the
rule of the kind (`services.console.reading.outcome`); alerts of which nobody has told yet are counted apart.
"""

import math
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from services.console import words
from services.console.projection.store import instant, micros
from services.console.projection.turn import HOUR_US
from services.console.reading import outcome
from services.console.reading.quality_view import FEW, Line, QualityView, Rate, Reason, Share, Waited

Z: Final = 1.959964
MOST_REASONS: Final = 4
BY_A_PERSON: Final = ("acknowledge", "snooze", "resolve", "wrong", "override")
_AGAINST: Final = ("wrong", "override")


@dataclass(frozen=True, slots=True)
class Raised:
    """One alert as it counts: instants in µs; `right` by outcome and `treated` are None while nothing tells."""

    ward: str | None
    kind: str
    at: int
    answered: int | None
    wrong: str | None
    escalated: bool
    right: bool | None
    treated: bool | None
    unreached: bool


def quality(db: sqlite3.Connection, site: str, now: datetime, hours: int) -> QualityView:
    """The alerts raised in the newest `hours`, by ward and kind."""
    since = now - timedelta(hours=hours)
    alerts = _alerts(db, site, micros(since), micros(now))
    named = {r["location"]: r["name"] for r in db.execute("SELECT * FROM locations WHERE site = ?", (site,))}
    lines = [_line(db, site, (None, None), alerts, "Whole site", since, now)]
    for ward in sorted({a.ward for a in alerts}, key=lambda w: (w is None, named.get(w, w))):
        name = named.get(ward, ward) if ward else "No ward told"
        here = [a for a in alerts if a.ward == ward]
        kinds = sorted({a.kind for a in here})
        lines.append(_line(db, site, (ward or "", None), here, name, since, now))
        lines += [
            _line(db, site, (ward or "", kind), [a for a in here if a.kind == kind], name, since, now) for kind in kinds
        ]
    suppressed = db.execute(
        "SELECT count(DISTINCT t.alert) AS n FROM transitions t JOIN alerts a ON a.alert = t.alert"
        " WHERE a.site = ? AND t.what = 'Suppressed' AND t.at >= ? AND t.at <= ?",
        (site, micros(since), micros(now)),
    ).fetchone()["n"]
    return QualityView(now=now, hours=hours, since=since, few=FEW, suppressed=suppressed, lines=tuple(lines))


def _alerts(db: sqlite3.Connection, site: str, since: int, until: int) -> list[Raised]:
    rows = db.execute(
        "SELECT t.alert, a.kind, a.patient, min(t.at) AS at, t.ward FROM transitions t"
        " JOIN alerts a ON a.alert = t.alert WHERE a.site = ? AND t.what = 'Raised'"
        " GROUP BY t.alert HAVING min(t.at) >= ? AND min(t.at) <= ? ORDER BY at, t.alert",
        (site, since, until),
    ).fetchall()
    said: dict[str, list[sqlite3.Row]] = defaultdict(list)
    for d in db.execute("SELECT * FROM decisions WHERE about = 'alert' AND at >= ? ORDER BY at, id", (since,)):
        if d["decision"] in BY_A_PERSON:
            said[d["subject"]].append(d)
    moved: dict[str, list[sqlite3.Row]] = defaultdict(list)
    for t in db.execute("SELECT * FROM transitions WHERE at >= ? ORDER BY at, id", (since,)):
        moved[t["alert"]].append(t)
    return [
        Raised(
            ward=r["ward"],
            kind=r["kind"],
            at=r["at"],
            answered=_answered(said[r["alert"]], moved[r["alert"]]),
            wrong=_wrong(said[r["alert"]]),
            escalated=any(t["what"] == "Escalated" for t in moved[r["alert"]]),
            right=outcome.right(db, r["kind"], r["alert"], r["patient"], r["at"], until),
            treated=outcome.treated(db, r["patient"], r["at"], until) if r["kind"] == "sepsis" else None,
            unreached=any(t["what"] == "Unreached" for t in moved[r["alert"]]),
        )
        for r in rows
    ]


def _answered(said: Sequence[sqlite3.Row], moved: Sequence[sqlite3.Row]) -> int | None:
    told = [d["at"] for d in said]
    told += [t["at"] for t in moved if t["what"] in {"Acknowledged", "Snoozed"}]
    told += [t["at"] for t in moved if t["what"] == "Resolved" and t["who"]]
    return min(told, default=None)


def _wrong(said: Sequence[sqlite3.Row]) -> str | None:
    """The reason of the last word that calls it wrong or overrides it."""
    return next((d["why"] or "no reason given" for d in reversed(said) if d["decision"] in _AGAINST), None)


def _line(
    db: sqlite3.Connection, site: str, what: tuple[str | None, str | None], alerts: Sequence[Raised], name: str,
    since: datetime, now: datetime,
) -> Line:  # fmt: skip
    ward, kind = what
    waits = sorted((a.answered - a.at) / 60e6 for a in alerts if a.answered is not None)
    told = [a.right for a in alerts if a.right is not None]
    begun = [a.treated for a in alerts if a.treated is not None]
    wrong = [a.wrong for a in alerts if a.wrong is not None]
    days = Counter(instant(a.at).date() for a in alerts)
    span = range((now.date() - since.date()).days + 1)
    return Line(
        ward=ward,
        ward_name=name,
        kind=kind,
        kind_text="All kinds" if kind is None else words.KINDS.get(kind, kind),
        alerts=len(alerts),
        rate=_rate(db, site, ward or "", alerts, micros(since), micros(now)),
        answered=share(len(waits), len(alerts)),
        waited=Waited(answered=len(waits), median_min=at_share(waits, 0.5), most_min=at_share(waits, 0.9)),
        wrong=share(len(wrong), len(alerts)),
        escalated=share(sum(a.escalated for a in alerts), len(alerts)),
        by_decisions=share(sum(a.wrong is None and a.answered is not None for a in alerts), len(waits)),
        by_outcome=share(sum(told), len(told)),
        outcome_untold=len(alerts) - len(told),
        outcome_text=outcome.RULES.get(kind or "", ""),
        treated=share(sum(begun), len(begun)),
        unreached=share(sum(a.unreached for a in alerts), len(alerts)),
        reasons=tuple(Reason(text=t, count=n) for t, n in Counter(wrong).most_common(MOST_REASONS)),
        by_day=tuple((day, days[day]) for n in span if (day := since.date() + timedelta(days=n))),
    )


def _rate(db: sqlite3.Connection, site: str, ward: str, alerts: Iterable[Raised], since: int, until: int) -> Rate:
    """Alerts per occupied bed-day since the first count: before that nobody knows how many lay there."""
    begin, days = bed_days(db, site, ward, since, until)
    count = sum(a.at >= begin for a in alerts)
    low, high = poisson(count)
    some = days > 0
    return Rate(
        alerts=count,
        bed_days=days,
        value=count / days if some else None,
        low=low / days if some else None,
        high=high / days if some else None,
    )


def bed_days(db: sqlite3.Connection, site: str, ward: str, since: int, until: int) -> tuple[int, float]:
    """From when the ward's census is known in the window (µs), and the occupied bed-days until its end.

    A count holds until the next: counts are told when they change. Of an hour the last count is kept.
    """
    before = db.execute(
        "SELECT as_of, occupied FROM census_hours WHERE site = ? AND ward = ? AND as_of <= ?"
        " ORDER BY as_of DESC LIMIT 1",
        (site, ward, since),
    ).fetchone()
    rows = db.execute(
        "SELECT as_of, occupied FROM census_hours WHERE site = ? AND ward = ? AND as_of > ? AND as_of <= ?"
        " ORDER BY as_of",
        (site, ward, since, until),
    ).fetchall()
    counts = [(since, before["occupied"])] if before else []
    counts += [(r["as_of"], r["occupied"]) for r in rows]
    if not counts:
        return until, 0.0
    total = sum(taken * (end - at) for (at, taken), (end, _) in pairwise([*counts, (until, 0)]))
    return counts[0][0], total / (24 * HOUR_US)


def share(part: int, whole: int) -> Share:
    """A share with Wilson's 95 % interval (Wilson 1927)."""
    if not whole:
        return Share(part=part, whole=whole, value=None, low=None, high=None)
    p = part / whole
    middle, width = p + Z**2 / (2 * whole), Z * math.sqrt(p * (1 - p) / whole + Z**2 / (4 * whole**2))
    low, high = ((middle + side * width) / (1 + Z**2 / whole) for side in (-1, 1))
    return Share(part=part, whole=whole, value=p, low=max(0.0, low), high=min(1.0, high))


def poisson(count: int) -> tuple[float, float]:
    """Byar's 95 % interval of a Poisson count (Breslow and Day 1987, vol. II, eq. 2.13)."""
    low = 0.0 if not count else count * (1 - 1 / (9 * count) - Z / (3 * math.sqrt(count))) ** 3
    more = count + 1
    return low, more * (1 - 1 / (9 * more) + Z / (3 * math.sqrt(more))) ** 3


def at_share(ordered: Sequence[float], level: float) -> float | None:
    """A quantile of ordered values: the smallest at or below which the share `level` of them lies."""
    return ordered[max(0, math.ceil(level * len(ordered)) - 1)] if ordered else None
