"""An hour ends: its patient-hours are counted for each model that spoke in them, and stays are settled.

A patient-hour counts as in training: the last reading of each kind, the last probability; alarms as on the card, the
first hour at or above the threshold and then 24 hours of silence.
"""

from collections.abc import Mapping
from typing import Final

from services.drift.fold import GRACE_S
from services.drift.state import (
    HOUR_S,
    ROWS,
    WEEK,
    OpenHour,
    PatientHour,
    Person,
    Settled,
    SiteState,
    Stay,
    Tally,
    Watched,
)
from services.drift.watchable import Watchable, probability_bin

SILENCE_HOURS: Final = 24
SETTLES_AFTER: Final = 24
"""Hours from the end of a stay to its settlement: diagnoses are coded late."""
LABELLED_HOURS: Final = 30 * 24
"""How long settled stays are kept."""
FORGOTTEN_AFTER: Final = 60 * 24
"""Hours after its last forecast at which a stay that nobody ended is forgotten."""


def close(site: SiteState, hour: int, models: Mapping[str, Watchable]) -> None:
    """Count an open hour of a site; nothing falls into it any more."""
    opened = site.open.pop(hour, None) or OpenHour()
    site.closed = max(site.closed, hour)
    for patient, held in sorted(opened.patients.items()):  # sums of floats must not depend on who was read first
        for model, (probability, version) in held.forecasts.items():
            known = models.get(model)
            if known is not None and known.version == version:
                _count(site.watched(model, version), hour, patient, held, probability, known)
    for name, known in models.items():
        watched = site.models.get(name, {}).get(known.version)
        if watched is not None:
            if name in opened.missed or name in opened.declined:
                tally = watched.hours.setdefault(hour, Tally())
                tally.missed, tally.declined = opened.missed.get(name, 0), opened.declined.get(name, 0)
            _settle(site, watched, hour, known)
            _forget(watched, hour)
    site.onsets = {
        patient: onsets for patient, onsets in site.onsets.items() if max(o for o, _ in onsets) > hour - FORGOTTEN_AFTER
    }


def _count(
    watched: Watched, hour: int, patient: str, held: PatientHour, probability: float, known: Watchable
) -> None:  # fmt: skip
    tally = watched.hours.setdefault(hour, Tally())
    person = watched.people.setdefault(patient, Person(hour))
    person.came(hour)
    tally.rows += 1
    tally.total += probability
    place = probability_bin(probability)
    tally.probabilities[place] = tally.probabilities.get(place, 0) + 1
    person.masks[ROWS] = person.masks.get(ROWS, 0) | 1
    if probability >= known.reference.forecasts.threshold:  # like with like, whatever a site alerts at
        tally.over += 1
        tally.over_total += probability
        if hour >= person.quiet_until:
            tally.alarms += 1
            person.quiet_until = hour + SILENCE_HOURS
    for code, (_, value) in held.readings.items():
        reading = known.readings.get(code)
        if reading is None:
            continue
        counts = tally.readings.get(code)
        if counts is None:
            counts = tally.readings[code] = [0] * (len(reading.shares) + 1)
        counts[known.bin(code, value)] += 1
        person.masks[code] = person.masks.get(code, 0) | 1


def _settle(site: SiteState, watched: Watched, hour: int, known: Watchable) -> None:
    """Label the forecasts of stays whose outcome is known by now."""
    done = [e for e, s in watched.stays.items() if s.ended is not None and s.ended + SETTLES_AFTER <= hour]
    for encounter in sorted(done):
        stay = watched.stays.pop(encounter)
        if known.outcome == "death" and stay.died is None:
            continue
        labels = labelled(site, stay, hour, known)
        settled = watched.settled.setdefault(hour, Settled())
        observed, expected = sum(labels.values()), sum(stay.forecasts.values())
        settled.stays += 1
        settled.with_outcome += observed > 0
        settled.observed += observed
        settled.expected += expected
        settled.squared += (observed - expected) ** 2
        for at, probability in stay.forecasts.items():
            place = probability_bin(probability)
            settled.counts[place] = settled.counts.get(place, 0) + 1
            settled.labels[place] = settled.labels.get(place, 0) + labels[at]


def labelled(site: SiteState, stay: Stay, hour: int, known: Watchable) -> dict[int, int]:
    """The label of each forecast hour: death at the end of the stay, or sepsis begun or beginning in the horizon."""
    if known.outcome == "death":
        return dict.fromkeys(stay.forecasts, int(bool(stay.died)))
    by = (hour + 1) * HOUR_S + GRACE_S
    first = min(stay.forecasts)
    # A diagnosis of an earlier stay is no outcome of this one.
    onsets = [o for o, told in site.onsets.get(stay.patient, ()) if told <= by and o >= first - SILENCE_HOURS]
    last = stay.ended if stay.ended is not None else hour
    onset = min((o for o in onsets if o <= last + SETTLES_AFTER), default=None)
    horizon = known.horizon_hours or 0
    return {at: int(onset is not None and onset <= at + horizon) for at in stay.forecasts}


def _forget(watched: Watched, hour: int) -> None:
    for old in [h for h in watched.hours if h <= hour - WEEK]:
        del watched.hours[old]
    for old in [h for h in watched.settled if h <= hour - LABELLED_HOURS]:
        del watched.settled[old]
    for gone in [name for name, person in watched.people.items() if person.hour <= hour - WEEK]:
        del watched.people[gone]
    for gone in [e for e, s in watched.stays.items() if max(s.forecasts) <= hour - FORGOTTEN_AFTER]:
        del watched.stays[gone]
