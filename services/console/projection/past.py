"""What was known at an instant: views that stand in front of the tables of the same name and leave out what came later.

In SQLite a name is looked for in the temporary schema first, so every query of the pages reads the past unchanged.
"Known" is when the system learnt a fact (`known`), not when it was true: a reading taken at 03:00 that arrived at
03:20 is not there at 03:12, and one corrected at 03:30 has its first value.
"""

from typing import Final

from services.console.projection.turn import HOUR_US

_AT: Final = "(SELECT at FROM temp.moment)"
_NEWEST: Final = "(SELECT value FROM main.meta WHERE name = 'newest_known')"
_KEPT: Final = f"({_NEWEST} / {HOUR_US} * {HOUR_US} - 48 * {HOUR_US})"


def _limit(column: str, without: str, told: str) -> str:
    """The newest value of a limit that was known then; `told` is the column that its event fills."""
    return (
        f"coalesce((SELECT l.{column} FROM main.limits l WHERE l.patient = p.patient AND l.{told} IS NOT NULL"  # noqa: S608 - our own names
        f" AND l.known <= {_AT} ORDER BY l.at DESC, l.known DESC LIMIT 1), {without})"
    )


def _place(column: str) -> str:
    return (
        f"(SELECT m.{column} FROM main.moves m WHERE m.patient = e.patient AND m.encounter = e.encounter"  # noqa: S608 - our own names
        f" AND m.known <= {_AT} ORDER BY m.at DESC, m.in_passing, m.known DESC LIMIT 1) AS {column}"
    )


def _end(column: str) -> str:
    return (
        f"(SELECT d.{column} FROM main.ends d WHERE d.patient = e.patient AND d.encounter = e.encounter"  # noqa: S608 - our own names
        f" AND d.known <= {_AT} ORDER BY d.known DESC, d.id DESC LIMIT 1) AS {column}"
    )


VIEWS: Final = f"""
CREATE TEMP TABLE moment (at INTEGER NOT NULL);
INSERT INTO temp.moment VALUES (0);
CREATE TEMP VIEW readings AS
    SELECT patient, source, code, value, taken, known, id FROM main.readings WHERE known <= {_AT}
    UNION ALL
    SELECT v.patient, v.source, v.code, v.value, v.taken, v.known, v.id FROM main.replaced v WHERE v.known <= {_AT}
    AND NOT EXISTS (SELECT 1 FROM main.readings c
        WHERE c.patient = v.patient AND c.source = v.source AND c.known <= {_AT})
    AND NOT EXISTS (SELECT 1 FROM main.replaced w WHERE w.patient = v.patient AND w.source = v.source
        AND w.known <= {_AT} AND (w.known, w.id) > (v.known, v.id));
CREATE TEMP VIEW scores AS SELECT * FROM main.scores WHERE known <= {_AT};
CREATE TEMP VIEW forecasts AS SELECT * FROM main.forecasts WHERE known <= {_AT};
CREATE TEMP VIEW explanations AS SELECT * FROM main.explanations WHERE known <= {_AT};
CREATE TEMP VIEW findings AS SELECT * FROM main.findings WHERE known <= {_AT};
CREATE TEMP VIEW decisions AS SELECT * FROM main.decisions WHERE at <= {_AT};
CREATE TEMP VIEW risk_hours AS
    SELECT patient, model, hour, probability FROM main.risk_hours WHERE hour < {_KEPT}
    UNION ALL
    SELECT patient, model, as_of / {HOUR_US} * {HOUR_US} AS hour, max(probability) AS probability FROM main.forecasts
    WHERE known <= {_AT} AND probability IS NOT NULL GROUP BY patient, model, as_of / {HOUR_US};
CREATE TEMP VIEW transitions AS SELECT * FROM main.transitions WHERE known <= {_AT};
CREATE TEMP VIEW calls AS SELECT * FROM main.calls WHERE known <= {_AT};
CREATE TEMP VIEW deliveries AS SELECT * FROM main.deliveries WHERE known <= {_AT};
CREATE TEMP VIEW maintenance AS SELECT * FROM main.maintenance WHERE known <= {_AT};
CREATE TEMP VIEW alerts AS
    SELECT a.alert, a.patient, a.site, a.kind, t.severity,
        CASE t.what WHEN 'Raised' THEN 'raised' WHEN 'Escalated' THEN 'raised' WHEN 'WentStale' THEN 'stale'
            ELSE lower(t.what) END AS phase,
        a.raised, t.at AS changed, t.summary, a.evidence, t.who, t.until, t.reason
    FROM main.alerts a JOIN main.transitions t ON t.id = (SELECT n.id FROM main.transitions n
        WHERE n.alert = a.alert AND n.what NOT IN ('Notified', 'Unreached') AND n.known <= {_AT}
        ORDER BY n.position DESC LIMIT 1);
CREATE TEMP VIEW patients AS
    SELECT p.patient, p.site, p.born, p.sex, p.died, p.told,
        {_limit("care_limit", "'full'", "care_limit")} AS care_limit,
        p.limited, p.limit_known, {_limit("oxygen_scale", "1", "oxygen_scale")} AS oxygen_scale,
        {_limit("oxygen_low", "NULL", "oxygen_scale")} AS oxygen_low,
        {_limit("oxygen_high", "NULL", "oxygen_scale")} AS oxygen_high,
        p.oxygen_at, p.oxygen_known, p.merged_into
    FROM main.patients p;
CREATE TEMP VIEW encounters AS
    SELECT e.patient, e.encounter, e.site, CASE WHEN e.started <= {_AT} THEN e.started END AS started,
        e.admitted, e.kind, e.specialty, e.told, {_place("ward")}, {_place("room")}, {_place("bed")},
        e.moved, e.moved_known, {_end("ended")}, {_end("outcome")}, e.cancelled
    FROM main.encounters e;
"""  # noqa: S608 - our own names
