"""The tables of the query store. Every row can be computed again from the log: raise VERSION and it is.

Instants are whole microseconds since 1970 (UTC), so that they sort and compare as numbers. Each
table is written by one topic only, hence the order in which topics are read cannot change a row.
"""

from typing import Final

VERSION: Final = 8

TABLES: Final = """
CREATE TABLE offsets (topic TEXT, partition INTEGER, next INTEGER NOT NULL,
    PRIMARY KEY (topic, partition)) WITHOUT ROWID;
CREATE TABLE counts (topic TEXT, type TEXT, events INTEGER NOT NULL, known INTEGER NOT NULL,
    written_ms INTEGER NOT NULL,
    PRIMARY KEY (topic, type)) WITHOUT ROWID;
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

-- clinical
CREATE TABLE patients (patient TEXT PRIMARY KEY, site TEXT NOT NULL,
    born TEXT, sex TEXT NOT NULL DEFAULT 'unknown', died INTEGER, told INTEGER NOT NULL DEFAULT 0,
    care_limit TEXT NOT NULL DEFAULT 'full', limited INTEGER NOT NULL DEFAULT 0, limit_known INTEGER NOT NULL DEFAULT 0,
    oxygen_scale INTEGER NOT NULL DEFAULT 1, oxygen_low REAL, oxygen_high REAL,
    oxygen_at INTEGER NOT NULL DEFAULT 0, oxygen_known INTEGER NOT NULL DEFAULT 0,
    merged_into TEXT) WITHOUT ROWID;
CREATE TABLE encounters (patient TEXT, encounter TEXT, site TEXT NOT NULL,
    started INTEGER, admitted INTEGER, kind TEXT, specialty TEXT, told INTEGER NOT NULL DEFAULT 0,
    began_rank INTEGER NOT NULL DEFAULT -9223372036854775808,
    ward TEXT, room TEXT, bed TEXT, moved INTEGER NOT NULL DEFAULT 0, moved_known INTEGER NOT NULL DEFAULT 0,
    ended INTEGER, ended_known INTEGER, outcome TEXT, cancelled INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (patient, encounter)) WITHOUT ROWID;
CREATE INDEX encounters_open ON encounters (site, ward) WHERE ended IS NULL AND NOT cancelled AND started IS NOT NULL;
CREATE TABLE readings (patient TEXT, source TEXT, code TEXT, value REAL, taken INTEGER NOT NULL,
    known INTEGER NOT NULL, id TEXT NOT NULL, PRIMARY KEY (patient, source)) WITHOUT ROWID;
CREATE INDEX readings_trend ON readings (patient, code, taken, source);
-- What was known once and is not what holds now: versions of readings, places and limits, for "what did we know at?".
CREATE TABLE replaced (patient TEXT, source TEXT, code TEXT, value REAL, taken INTEGER NOT NULL,
    known INTEGER NOT NULL, id TEXT, PRIMARY KEY (patient, source, known, id)) WITHOUT ROWID;
CREATE TABLE moves (id TEXT PRIMARY KEY, patient TEXT NOT NULL, encounter TEXT NOT NULL, at INTEGER NOT NULL,
    known INTEGER NOT NULL, ward TEXT, room TEXT, bed TEXT, in_passing INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX moves_encounter ON moves (patient, encounter, at, known);
CREATE TABLE ends (id TEXT PRIMARY KEY, patient TEXT NOT NULL, encounter TEXT NOT NULL, ended INTEGER,
    known INTEGER NOT NULL, outcome TEXT) WITHOUT ROWID;
CREATE INDEX ends_encounter ON ends (patient, encounter, known);
CREATE TABLE limits (id TEXT PRIMARY KEY, patient TEXT NOT NULL, at INTEGER NOT NULL, known INTEGER NOT NULL,
    care_limit TEXT, oxygen_scale INTEGER, oxygen_low REAL, oxygen_high REAL) WITHOUT ROWID;
CREATE INDEX limits_patient ON limits (patient, at, known);
CREATE TABLE requests (request TEXT PRIMARY KEY, site TEXT NOT NULL, patient TEXT NOT NULL, requested INTEGER NOT NULL,
    specialty TEXT NOT NULL, priority INTEGER NOT NULL, isolation INTEGER NOT NULL, sex TEXT NOT NULL,
    expected_stay_hours REAL, status TEXT NOT NULL, known INTEGER NOT NULL, surgery INTEGER NOT NULL) WITHOUT ROWID;

-- risk
CREATE TABLE scores (id TEXT PRIMARY KEY, patient TEXT NOT NULL, score TEXT NOT NULL, as_of INTEGER NOT NULL,
    known INTEGER NOT NULL, total INTEGER, lowest INTEGER NOT NULL, highest INTEGER NOT NULL, red INTEGER NOT NULL,
    band TEXT, fresh INTEGER NOT NULL, not_applicable TEXT, parameters TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX scores_trend ON scores (patient, as_of);
CREATE TABLE forecasts (id TEXT PRIMARY KEY, patient TEXT NOT NULL, model TEXT NOT NULL, version TEXT NOT NULL,
    mode TEXT NOT NULL, as_of INTEGER NOT NULL, known INTEGER NOT NULL, state TEXT NOT NULL, probability REAL,
    threshold REAL, horizon_hours REAL, late INTEGER NOT NULL, fresh INTEGER NOT NULL, reason TEXT,
    band TEXT, conformal TEXT) WITHOUT ROWID;
CREATE INDEX forecasts_trend ON forecasts (patient, model, as_of);
-- The highest probability of each clock hour, kept for as long as a stay is looked at.
CREATE TABLE risk_hours (patient TEXT, model TEXT, hour INTEGER, probability REAL NOT NULL,
    PRIMARY KEY (patient, model, hour)) WITHOUT ROWID;
CREATE TABLE explanations (forecast TEXT PRIMARY KEY, id TEXT NOT NULL, patient TEXT NOT NULL, model TEXT NOT NULL,
    as_of INTEGER NOT NULL, known INTEGER NOT NULL, probability REAL, why_now TEXT NOT NULL,
    previous_probability REAL, previous_as_of INTEGER, factors TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX explanations_newest ON explanations (patient, model, as_of);
CREATE TABLE contexts (patient TEXT PRIMARY KEY, site TEXT NOT NULL, as_of INTEGER NOT NULL, known INTEGER NOT NULL,
    age_years INTEGER) WITHOUT ROWID;

-- alerts
CREATE TABLE alerts (alert TEXT PRIMARY KEY, patient TEXT NOT NULL, site TEXT NOT NULL, kind TEXT NOT NULL,
    severity TEXT NOT NULL, phase TEXT NOT NULL, raised INTEGER NOT NULL, changed INTEGER NOT NULL,
    summary TEXT NOT NULL, evidence TEXT NOT NULL, who TEXT, until INTEGER, reason TEXT) WITHOUT ROWID;
CREATE INDEX alerts_patient ON alerts (patient, changed);
CREATE TABLE transitions (id TEXT PRIMARY KEY, alert TEXT NOT NULL, patient TEXT NOT NULL, what TEXT NOT NULL,
    at INTEGER NOT NULL, position INTEGER NOT NULL, severity TEXT NOT NULL, summary TEXT NOT NULL,
    who TEXT, until INTEGER, reason TEXT, known INTEGER NOT NULL, ward TEXT) WITHOUT ROWID;
CREATE INDEX transitions_alert ON transitions (alert, position);
CREATE INDEX transitions_at ON transitions (what, at);

-- What each call asked of whom, and what the authority said of it; who has it; where nobody is called.
CREATE TABLE calls (id TEXT PRIMARY KEY, alert TEXT NOT NULL, what TEXT NOT NULL, call TEXT, at INTEGER NOT NULL,
    position INTEGER NOT NULL, role TEXT, contact TEXT, next_role TEXT, next_at INTEGER, quiet_until INTEGER,
    known INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX calls_alert ON calls (alert, position);
CREATE TABLE deliveries (id TEXT PRIMARY KEY, alert TEXT NOT NULL, call TEXT NOT NULL, receiver TEXT NOT NULL,
    channel TEXT NOT NULL, role TEXT, at INTEGER NOT NULL, known INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX deliveries_alert ON deliveries (alert, at);
CREATE TABLE maintenance (decision TEXT PRIMARY KEY, site TEXT NOT NULL, ward TEXT NOT NULL, at INTEGER NOT NULL,
    until INTEGER NOT NULL, ended INTEGER NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL,
    known INTEGER NOT NULL) WITHOUT ROWID;

-- What tells whether an alert was right.
CREATE TABLE diagnoses (condition TEXT PRIMARY KEY, patient TEXT NOT NULL, onset INTEGER NOT NULL,
    active INTEGER NOT NULL, known INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX diagnoses_patient ON diagnoses (patient, onset);
CREATE TABLE doses (administration TEXT PRIMARY KEY, patient TEXT NOT NULL, given INTEGER NOT NULL,
    known INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX doses_patient ON doses (patient, given);
CREATE TABLE readings_final (id TEXT PRIMARY KEY, patient TEXT NOT NULL, study TEXT NOT NULL, decision TEXT NOT NULL,
    at INTEGER NOT NULL, known INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX readings_final_study ON readings_final (study, at);

-- findings, decisions
CREATE TABLE findings (id TEXT PRIMARY KEY, patient TEXT NOT NULL, study TEXT NOT NULL, instance TEXT NOT NULL,
    model TEXT NOT NULL, version TEXT NOT NULL, mode TEXT NOT NULL, as_of INTEGER NOT NULL, known INTEGER NOT NULL,
    outcome TEXT NOT NULL, label TEXT, probability REAL, threshold REAL, classes TEXT NOT NULL, reason TEXT,
    picture TEXT, heatmap TEXT) WITHOUT ROWID;
CREATE INDEX findings_patient ON findings (patient, as_of);
CREATE TABLE decisions (id TEXT PRIMARY KEY, patient TEXT NOT NULL, subject TEXT NOT NULL, about TEXT NOT NULL,
    decision TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL, at INTEGER NOT NULL, until INTEGER) WITHOUT ROWID;
CREATE INDEX decisions_subject ON decisions (subject, at);
CREATE INDEX decisions_patient ON decisions (patient, at);

-- places, plans
CREATE TABLE locations (site TEXT, location TEXT, kind TEXT NOT NULL, name TEXT NOT NULL, within TEXT, specialty TEXT,
    isolation INTEGER NOT NULL, active INTEGER NOT NULL, PRIMARY KEY (site, location)) WITHOUT ROWID;
CREATE TABLE bed_status (site TEXT, location TEXT, status TEXT NOT NULL, known INTEGER NOT NULL,
    PRIMARY KEY (site, location)) WITHOUT ROWID;
CREATE TABLE census (site TEXT, ward TEXT, as_of INTEGER, occupied INTEGER NOT NULL, beds INTEGER NOT NULL,
    closed INTEGER NOT NULL, waiting INTEGER NOT NULL, PRIMARY KEY (site, ward, as_of)) WITHOUT ROWID;
-- The last count of each hour, and what was forecast for an hour some leads ago: to say how good forecasts are.
CREATE TABLE census_hours (site TEXT, ward TEXT, hour INTEGER, as_of INTEGER NOT NULL, occupied INTEGER NOT NULL,
    PRIMARY KEY (site, ward, hour)) WITHOUT ROWID;
CREATE TABLE demand (site TEXT, ward TEXT, service TEXT, resolution TEXT, as_of INTEGER NOT NULL,
    known INTEGER NOT NULL, model TEXT NOT NULL, version TEXT NOT NULL, levels TEXT NOT NULL, hours TEXT NOT NULL,
    drivers TEXT NOT NULL, PRIMARY KEY (site, ward, service, resolution)) WITHOUT ROWID;
CREATE TABLE demand_past (site TEXT, ward TEXT, service TEXT, lead INTEGER, hour INTEGER, target INTEGER NOT NULL,
    as_of INTEGER NOT NULL, known INTEGER NOT NULL, mean REAL NOT NULL, low REAL NOT NULL, high REAL NOT NULL,
    PRIMARY KEY (site, ward, service, lead, hour)) WITHOUT ROWID;
CREATE TABLE staffing (site TEXT, ward TEXT, as_of INTEGER NOT NULL, known INTEGER NOT NULL, shifts TEXT NOT NULL,
    PRIMARY KEY (site, ward)) WITHOUT ROWID;
CREATE TABLE availability (site TEXT, location TEXT, day TEXT, shift TEXT, role TEXT NOT NULL,
    minutes INTEGER NOT NULL, skill INTEGER, most_workload INTEGER, ward TEXT, specialty TEXT,
    PRIMARY KEY (site, location, day, shift)) WITHOUT ROWID;
CREATE TABLE proposals (proposal TEXT PRIMARY KEY, site TEXT NOT NULL, ward TEXT NOT NULL, kind TEXT NOT NULL,
    as_of INTEGER NOT NULL, known INTEGER NOT NULL, assignments TEXT NOT NULL, bookings TEXT NOT NULL,
    costs TEXT NOT NULL, changes TEXT NOT NULL, conflicts TEXT NOT NULL, risks TEXT NOT NULL, document TEXT,
    base TEXT, cause TEXT NOT NULL, begins TEXT, days INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX proposals_newest ON proposals (site, kind, known);
CREATE TABLE plan_decisions (id TEXT PRIMARY KEY, proposal TEXT NOT NULL, site TEXT NOT NULL, decision TEXT NOT NULL,
    who TEXT NOT NULL, why TEXT NOT NULL, known INTEGER NOT NULL, edits TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX plan_decisions_proposal ON plan_decisions (proposal, known);
CREATE TABLE plan_questions (question TEXT PRIMARY KEY, proposal TEXT NOT NULL, site TEXT NOT NULL, who TEXT NOT NULL,
    known INTEGER NOT NULL, edit TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX plan_questions_proposal ON plan_questions (proposal, known);
CREATE TABLE plan_answers (question TEXT PRIMARY KEY, proposal TEXT NOT NULL, site TEXT NOT NULL,
    known INTEGER NOT NULL, hindrances TEXT NOT NULL, price INTEGER, changes TEXT NOT NULL,
    text TEXT NOT NULL) WITHOUT ROWID;
"""

DROPPED_WHEN_OLD: Final = (
    ("readings", "taken"),
    ("replaced", "taken"),
    ("scores", "as_of"),
    ("forecasts", "as_of"),
    ("explanations", "as_of"),
    ("census", "as_of"),
)
"""Tables that hold the last 48 hours only, and the column that says how old a row is."""
DROPPED_AFTER_A_STAY: Final = (("risk_hours", "hour"),)
"""The same for those that hold the last fourteen days."""
DROPPED_AFTER_A_MONTH: Final = (
    ("census_hours", "hour"),
    ("demand_past", "hour"),
    ("proposals", "as_of"),
    ("plan_decisions", "known"),
    ("plan_questions", "known"),
    ("plan_answers", "known"),
)
"""The same for those that hold the last 28 days."""
