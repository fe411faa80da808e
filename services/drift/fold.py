"""Facts into hours: an hour holds each patient's last reading of a kind and each model's last probability.

A fact known later than a quarter of an hour after its hour ended is left out, so that an hour's counts depend on the
facts alone and not on when or in which order they were read.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from schemas.events import (
    ConditionRecorded,
    EncounterEnded,
    Event,
    ForecastDeclined,
    ForecastMissed,
    ModelDriftAlarm,
    ModelDriftFound,
    ModelDriftMeasured,
    ObservationsRecorded,
    RiskForecasted,
)
from services.drift.slim import SlimReadings, Triple, triples
from services.drift.state import HOUR_S, OpenHour, PatientHour, SiteState, State, Stay, hour_of
from services.drift.watchable import Watchable, is_sepsis

READS: Final = (
    ObservationsRecorded, RiskForecasted, ForecastMissed, ForecastDeclined, EncounterEnded, ConditionRecorded,
    ModelDriftMeasured, ModelDriftAlarm,
)  # fmt: skip
GRACE_S: Final = 900
"""How long after its end an hour takes facts."""


def fold(state: State, event: Event, models: Mapping[str, Watchable], codes: frozenset[str]) -> None:
    """Take one fact of a kind in READS; `codes` are the readings of any reference. Any other is passed over."""
    site = state.site(event.site)
    match event:
        case ObservationsRecorded():
            _readings(site, event.patient, event.known.timestamp(), triples(event), codes)
        case RiskForecasted():
            _forecast(site, event, models)
        case ForecastMissed() | ForecastDeclined():
            hour = _hour(site, hour_of(event.as_of))
            if hour is not None:
                counted = hour.missed if isinstance(event, ForecastMissed) else hour.declined
                counted[event.model] = counted.get(event.model, 0) + 1
        case EncounterEnded():
            _ended(site, event)
        case ConditionRecorded():
            if is_sepsis(event):
                onset = (hour_of(event.onset or event.known), event.known.timestamp())
                site.onsets.setdefault(event.patient, []).append(onset)
        case ModelDriftMeasured():
            watched = site.watched(event.model, event.version)
            watched.told = max(watched.told, hour_of(event.as_of) - 1)
        case ModelDriftAlarm():
            _alarm(site, event)
        case _:
            pass


def fold_slim(state: State, given: SlimReadings, codes: frozenset[str]) -> None:
    """Take an `ObservationsRecorded` that was parsed without what drift does not need."""
    _readings(state.site(given["site"]), given["patient"], given["known"].timestamp(), triples(given), codes)


def _hour(site: SiteState, hour: int) -> OpenHour | None:
    if hour <= site.closed:
        site.late += 1
        return None
    found = site.open.get(hour)
    if found is None:
        found = site.open[hour] = OpenHour()
    return found


def _readings(site: SiteState, patient: str, known: float, given: Iterable[Triple], codes: frozenset[str]) -> None:
    last, at, held = None, 0.0, None
    for code, value, taken in given:
        if code not in codes:
            continue
        if taken != last:  # most readings of an event share their time
            last = taken
            at = taken.timestamp()
            held = _patient_hour(site, int(at) // HOUR_S, patient, known)
        if held is None:
            continue
        before = held.readings.get(code)
        if before is None or before[0] <= at:
            held.readings[code] = (at, value)


def _patient_hour(site: SiteState, hour: int, patient: str, known: float) -> PatientHour | None:
    if known > (hour + 1) * HOUR_S + GRACE_S:
        site.late += 1
        return None
    opened = _hour(site, hour)
    if opened is None:
        return None
    found = opened.patients.get(patient)
    if found is None:
        found = opened.patients[patient] = PatientHour()
    return found


def _forecast(site: SiteState, event: RiskForecasted, models: Mapping[str, Watchable]) -> None:
    known = models.get(event.model)
    if known is None or known.version != event.version:
        return
    hour = hour_of(event.as_of)
    held = _patient_hour(site, hour, event.patient, event.known.timestamp())
    if held is None:
        return
    held.forecasts[event.model] = (event.probability, event.version)
    if event.encounter is not None and known.outcome is not None:
        stays = site.watched(event.model, event.version).stays
        stay = stays.get(event.encounter)
        if stay is None:
            stay = stays[event.encounter] = Stay(event.patient)
        stay.forecasts[hour] = event.probability


def _ended(site: SiteState, event: EncounterEnded) -> None:
    for versions in site.models.values():
        for watched in versions.values():
            stay = watched.stays.get(event.encounter)
            if stay is not None:
                stay.ended = None if event.ended is None else hour_of(event.known)
                stay.died = None if event.outcome == "unknown" else event.outcome == "died"


def _alarm(site: SiteState, event: ModelDriftAlarm) -> None:
    """Our own word, read again after a restart; what is older than what is known says nothing new."""
    watched = site.watched(event.model, event.version)
    if hour_of(event.as_of) - 1 < watched.told:
        return
    if isinstance(event, ModelDriftFound):
        watched.standing[event.measure] = event.alarm
    else:
        watched.standing.pop(event.measure, None)
