"""A plausible hospital of events for looking at pages: two wards, twenty patients, some getting worse.

Seeded: the same every time.
"""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from schemas.events import (
    AlertAcknowledged,
    AlertEscalated,
    AlertEvent,
    AlertNotified,
    AlertRaised,
    AlertResolved,
    CareLimitSet,
    ClassProbability,
    EncounterStarted,
    Event,
    Evidence,
    ImagingFindingReported,
    OxygenTargetPrescribed,
    PatientRegistered,
    WarningScoreComputed,
)
from schemas.ids import digest
from services.runtime.ports import Identifier, Person
from tests.browser.example_event import NOW, SITE, bed_of, event, key_of, stay_hours
from tests.browser.example_site import film, places, plans, waiting_key
from tests.browser.example_vitals import Course, one_round

Sex = Literal["female", "male"]
PEOPLE: list[tuple[str, str, Sex, int, str, int]] = [
    ("Okafor", "Grace", "female", 71, "sepsis", 9), ("Lindqvist", "Arne", "male", 64, "lungs", 7),
    ("Marsh", "Evelyn", "female", 83, "bleeding", 5), ("Tanaka", "Kenji", "male", 58, "fever", 6),
    ("O'Neill", "Siobhan", "female", 46, "", 0), ("Haddad", "Youssef", "male", 39, "", 0),
    ("Brown", "Margaret", "female", 91, "drowsy", 3), ("Kowalski", "Jan", "male", 67, "", 0),
    ("Silva", "Beatriz", "female", 34, "", 0), ("Petrov", "Dmitri", "male", 75, "better", 10),
    ("Nguyen", "Linh", "female", 52, "", 0), ("Campbell", "Fraser", "male", 80, "", 0),
    ("Rossi", "Chiara", "female", 28, "", 0), ("Müller", "Hans-Jürgen", "male", 69, "", 0),
    ("Adeyemi", "Tunde", "male", 44, "", 0), ("Jensen", "Ingrid", "female", 77, "", 0),
    ("Patel", "Asha", "female", 61, "lungs", 4), ("Walker", "Thomas", "male", 86, "", 0),
    ("Cohen", "Miriam", "female", 12, "fever", 5), ("Dubois", "Luc", "male", 55, "", 0),
]  # fmt: skip
"""Family, given, sex, age, story, hours since it began. Haddad is not measured any more, Patel aims at 88–92 %."""
WAITING_PEOPLE: list[tuple[str, str, Sex, int]] = [
    ("Eze", "Ngozi", "female", 68), ("Novak", "Petr", "male", 73), ("Ivers", "Daniel", "male", 49),
]  # fmt: skip
HADDAD, PATEL, LIMITS = 5, 16, {2: "no_escalation", 6: "palliative"}


@dataclass
class ExampleWard:
    """Events in an order that a log could hold, people for the identity port, and pictures."""

    events: list[Event] = field(default_factory=list)
    people: list[tuple[Identifier, Person]] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)


def example_ward(hours: int = 24, people: int = len(PEOPLE)) -> ExampleWard:
    """Two wards with `people` patients and `hours` of vital signs."""
    ward = ExampleWard(events=places())
    for n, (family, given, sex, age, story, onset) in enumerate(PEOPLE[:people]):
        key, mrn, born = key_of(n), f"{4_100_200 + 37 * n}", date(NOW.year - age, 1, 15)
        ward.keys[family] = key
        ward.people.append((Identifier("mrn", mrn), Person(key, SITE, family, given, born, sex, mrn)))
        course = Course(n, age, story, onset, oxygen_scale=2 if n == PATEL else 1)
        ward.events += _admission(n, sex, born) + _rounds(course, hours)
    for n, (family, given, sex, age) in enumerate(WAITING_PEOPLE):
        key, born = waiting_key(n), date(NOW.year - age, 6, 1)
        ward.people.append(
            (Identifier("mrn", f"w{n}"), Person(key, SITE, family, given, born, sex, f"{4_200_100 + n}"))
        )
    ward.objects["film.png"], ward.objects["heat.png"] = film()
    ward.events += _alerts(people, _newest_scores(ward.events)) + _films(people) + plans()
    return ward


def _admission(n: int, sex: Sex, born: date) -> list[Event]:
    key, place = key_of(n), bed_of(n)
    at = NOW - timedelta(hours=stay_hours(n))
    specialty = "medicine" if place.ward == "5B" else "critical care"
    found: list[Event] = [
        event(PatientRegistered, at, key, patient=key, born=born, sex=sex),
        event(
            EncounterStarted, at, key, patient=key, encounter=f"enc-{n}", started=at, place=place, specialty=specialty
        ),
    ]
    if n in LIMITS:
        found.append(event(CareLimitSet, at, key, patient=key, decided=at, limit=LIMITS[n]))
    if n == PATEL:
        target = {"scale": 2, "low_percent": 88, "high_percent": 92}
        found.append(event(OxygenTargetPrescribed, at, key, patient=key, prescribed=at, **target))
    return found


def _rounds(course: Course, hours: int) -> list[Event]:
    rng = random.Random(course.n)
    course.usual = {"heart_rate": rng.gauss(0, 6), "systolic_bp": rng.gauss(0, 8), "respiratory_rate": rng.gauss(0, 1)}
    if course.n == PATEL:
        course.usual["spo2"] = -7.0
    minutes = 10 if bed_of(course.n).ward == "ICU" else 30
    at = NOW - timedelta(minutes=rng.randint(1, minutes - 1) + (95 if course.n == HADDAD else 0))
    found: list[Event] = []
    for past in range(hours * 60 // minutes, -1, -1):
        found += one_round(course, at - past * timedelta(minutes=minutes))
    return found


def _newest_scores(events: list[Event]) -> dict[str, int]:
    scores = (e for e in events if isinstance(e, WarningScoreComputed))
    return {e.patient: e.lowest for e in scores}


def _alerts(people: int, scores: dict[str, int]) -> list[Event]:
    found: list[Event] = []

    def tell(
        cls: type[AlertEvent], n: int, kind: str, severity: str, minutes: float, summary: str, **more: object
    ) -> None:
        at, key = NOW - timedelta(minutes=minutes), key_of(n)
        alert = digest("alert", key, kind)
        about = {"patient": key, "alert": alert, "kind": kind, "severity": severity, "at": at, "place": bed_of(n)}
        if n < people:
            found.append(event(cls, at, alert, **about, summary=summary, **more))

    score = scores.get(key_of(0), 0)
    rising = "Sepsis risk 14 % within 6 h: lactate 2.4 mmol/L"
    worse = "Sepsis risk 35 % within 6 h: respiratory rate 28 /min, rising 2 an hour; lactate 4.2 mmol/L"
    seen = (Evidence(text="Respiratory rate 22, up from 16"), Evidence(text="Temperature up 1.1 °C in 6 h"))
    tell(AlertRaised, 0, "sepsis", "amber", 96, rising, source="x", evidence=seen)
    tell(AlertNotified, 0, "sepsis", "amber", 95.9, rising, receiver="grafana")
    tell(AlertEscalated, 0, "sepsis", "red", 21, worse, reason=f"NEWS2 rose from 6 to {score}")
    low = f"NEWS2 {scores.get(key_of(1), 0)}: oxygen saturation 90 % (3), on oxygen (2), breathing 24/min (2)"
    seen = (Evidence(text="SpO₂ fell 6 points in 5 h"), Evidence(text="Oxygen since noon"))
    tell(AlertRaised, 1, "news2", "red", 34, low, source="x", evidence=seen)
    tell(AlertAcknowledged, 1, "news2", "red", 22, low, by="Sr. Hughes", why="")
    falling = (
        "Deterioration risk 41 % (death in this hospital stay): systolic blood pressure 95 mmHg, falling 9 an hour"
    )
    tell(AlertRaised, 2, "deterioration", "amber", 12, falling, source="x")
    tell(AlertRaised, 9, "news2", "amber", 400, "NEWS2 5: heart rate 114/min (2), temperature 39.2 °C (2)", source="x")
    tell(AlertResolved, 9, "news2", "amber", 160, "NEWS2 1", reason="NEWS2 below 3 for two hours")
    return found


def _films(people: int) -> list[Event]:
    """One film that a model read, and one that it must not read; of the second patient."""
    if people < 2:
        return []
    key = key_of(1)

    def report(at: datetime, instance: str, **more: object) -> Event:
        about = {"patient": key, "study": "1.2.3", "instance": instance, "model": "chest-pneumonia", "version": "1.0.0"}
        told = {"mode": "live", "as_of": at, "picture": "film.png", "source": "x"}
        return event(ImagingFindingReported, at, instance, **about, **told, **more)

    classes = tuple(
        ClassProbability(name=name, probability=p)
        for name, p in (("normal", 0.13), ("bacteria", 0.66), ("virus", 0.21))
    )
    finding = {"outcome": "finding", "label": "pneumonia", "probability": 0.87, "threshold": 0.5, "classes": classes}
    refused = {"outcome": "cannot assess", "reason": "adult: chest-pneumonia is for 0 to 5 years"}
    return [
        report(NOW - timedelta(hours=20), "1.2.3.3", **refused),
        report(NOW - timedelta(hours=2, minutes=10), "1.2.3.4", **finding, heatmap="heat.png"),
    ]
