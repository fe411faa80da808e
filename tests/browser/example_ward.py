"""A plausible hospital of events for looking at pages: two wards, twenty patients, some getting worse.

Seeded: the same every time. Numbers come from ray_jobs.risk.news2, so that a shown score is a right one.
"""

import io
import math
import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from PIL import Image, ImageDraw, ImageFilter

from ray_jobs.risk import news2
from schemas.events import (
    AdmissionRequested,
    AlertAcknowledged,
    AlertEscalated,
    AlertNotified,
    AlertRaised,
    AlertResolved,
    Assignment,
    BedDemandForecasted,
    BedStatusChanged,
    CareLimitSet,
    ClassProbability,
    DemandHour,
    EncounterStarted,
    Event,
    Evidence,
    Factor,
    ForecastDeclined,
    ForecastExplained,
    ForecastMissed,
    ImagingFindingReported,
    LocationDefined,
    ObservationsRecorded,
    OxygenTargetPrescribed,
    PatientRegistered,
    Place,
    Reading,
    RiskForecasted,
    ScheduleProposed,
    ScoredParameter,
    WardOccupancyChanged,
    WarningScoreComputed,
)
from schemas.ids import digest
from services.runtime.ports import Identifier, Person

NOW = datetime(2026, 3, 12, 14, 30, tzinfo=UTC)
SITE = "main"
UNITS = {"respiratory_rate": "/min", "spo2": "%", "heart_rate": "/min", "temperature": "Cel", "systolic_bp": "mm[Hg]"}
STEADY = {
    "respiratory_rate": 16,
    "spo2": 97,
    "supplemental_oxygen": 0,
    "systolic_bp": 124,
    "diastolic_bp": 76,
    "heart_rate": 76,
    "consciousness": 0,
    "temperature": 36.8,
}
WORSE = {
    "sepsis": {"respiratory_rate": 11, "spo2": -6, "systolic_bp": -32, "diastolic_bp": -20, "heart_rate": 44, "temperature": 2.3},
    "lungs": {"respiratory_rate": 9, "spo2": -7, "heart_rate": 22, "temperature": 1.2},
    "bleeding": {"systolic_bp": -28, "diastolic_bp": -16, "heart_rate": 36, "respiratory_rate": 4},
    "fever": {"temperature": 1.6, "heart_rate": 18},
    "drowsy": {"consciousness": 1, "respiratory_rate": -4},
    "": {},
}  # fmt: skip
PEOPLE = [
    ("Okafor", "Grace", "female", 71, "sepsis", 9), ("Lindqvist", "Arne", "male", 64, "lungs", 7),
    ("Marsh", "Evelyn", "female", 83, "bleeding", 5), ("Tanaka", "Kenji", "male", 58, "fever", 6),
    ("O'Neill", "Siobhan", "female", 46, "", 0), ("Haddad", "Youssef", "male", 39, "", 0),
    ("Brown", "Margaret", "female", 91, "drowsy", 3), ("Kowalski", "Jan", "male", 67, "", 0),
    ("Silva", "Beatriz", "female", 34, "", 0), ("Petrov", "Dmitri", "male", 75, "fever", 10),
    ("Nguyen", "Linh", "female", 52, "", 0), ("Campbell", "Fraser", "male", 80, "", 0),
    ("Rossi", "Chiara", "female", 28, "", 0), ("Müller", "Hans-Jürgen", "male", 69, "", 0),
    ("Adeyemi", "Tunde", "male", 44, "", 0), ("Jensen", "Ingrid", "female", 77, "", 0),
    ("Patel", "Asha", "female", 61, "lungs", 4), ("Walker", "Thomas", "male", 86, "", 0),
    ("Cohen", "Miriam", "female", 12, "fever", 5), ("Dubois", "Luc", "male", 55, "", 0),
]  # fmt: skip


@dataclass
class ExampleWard:
    """Events in the order a log could hold them, people for the identity port, and pictures."""

    now: datetime = NOW
    events: list[Event] = field(default_factory=list)
    people: list[tuple[Identifier, Person]] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)


def example_ward(hours: int = 24, people: int = len(PEOPLE)) -> ExampleWard:
    """Two wards with `people` patients and `hours` of vital signs every half hour."""
    ward, rng = ExampleWard(), random.Random(7)
    start = NOW - timedelta(hours=hours)
    ward.events += _places()
    for n, (family, given, sex, age, story, onset) in enumerate(PEOPLE[:people]):
        key = digest("example", n)
        ward.keys[family] = key
        mrn = f"{4_100_200 + 37 * n}"
        born = date(NOW.year - age, 1, 15)
        ward.people.append(
            (
                Identifier("mrn", mrn),
                Person(key, SITE, family, given, born, "female" if sex == "female" else "male", mrn),
            )
        )
        ward.events += _patient(n, key, sex, born, start, story, onset, rng)
    ward.events += _alerts(ward.keys) + _findings(ward.keys, ward.objects) + _plans(ward.keys)
    return ward


def _base(kind: str, *parts: object, known: datetime) -> dict[str, object]:
    return {"id": digest(kind, *parts, known.isoformat()), "site": SITE, "known": known}


def _bed(n: int) -> Place:
    ward = "5B" if n < 12 else "ICU"
    i = n if n < 12 else n - 12
    return Place(ward=ward, room=f"{ward}-{i // 2 + 1}", bed=f"{ward}-{i // 2 + 1}{'AB'[i % 2]}")


def _places() -> list[Event]:
    at = NOW - timedelta(days=3)
    found: list[Event] = []

    def define(location: str, kind: str, name: str, within: str | None, **more: object) -> None:
        found.append(
            LocationDefined.model_validate(
                {
                    **_base("place", location, known=at),
                    "location": location,
                    "kind": kind,
                    "name": name,
                    "within": within,
                }
                | more
            )
        )

    for ward, name, specialty, rooms in (
        ("5B", "5B Medicine", "medicine", 8),
        ("ICU", "Intensive care", "critical care", 5),
    ):
        define(ward, "ward", name, SITE, specialty=specialty)
        for r in range(1, rooms + 1):
            define(f"{ward}-{r}", "room", f"Room {r}", ward)
            for letter in "AB":
                define(f"{ward}-{r}{letter}", "bed", f"{ward}-{r}{letter}", f"{ward}-{r}", isolation=r == rooms)
    for bed, status in (
        ("5B-7A", "free"),
        ("5B-7B", "cleaning"),
        ("5B-8A", "free"),
        ("5B-8B", "closed"),
        ("ICU-5A", "free"),
    ):
        found.append(
            BedStatusChanged.model_validate({**_base("bed", bed, known=at), "location": bed, "status": status})
        )
    return found


def _patient(
    n: int, key: str, sex: str, born: date, start: datetime, story: str, onset: int, rng: random.Random
) -> list[Event]:
    admitted = start - timedelta(hours=rng.randint(1, 90))
    place, encounter = _bed(n), f"enc-{n}"
    about = {"patient": key}
    found: list[Event] = [
        PatientRegistered.model_validate({**_base("reg", key, known=admitted), **about, "born": born, "sex": sex}),
        EncounterStarted.model_validate(
            {**_base("enc", key, known=admitted), **about, "encounter": encounter, "started": admitted, "place": place,
             "specialty": "medicine" if place.ward == "5B" else "critical care"}
        ),
    ]  # fmt: skip
    if n == 6:
        found.append(
            CareLimitSet.model_validate(
                {**_base("limit", key, known=admitted), **about, "decided": admitted, "limit": "palliative"}
            )
        )
    if n == 2:
        found.append(
            CareLimitSet.model_validate(
                {**_base("limit", key, known=admitted), **about, "decided": admitted, "limit": "no_escalation"}
            )
        )
    scale = 2 if n == 16 else 1
    if scale == 2:
        found.append(
            OxygenTargetPrescribed.model_validate(
                {
                    **_base("o2", key, known=admitted),
                    **about,
                    "prescribed": admitted,
                    "scale": 2,
                    "low_percent": 88,
                    "high_percent": 92,
                }
            )
        )
    offset = {
        code: rng.gauss(0, spread) for code, spread in (("heart_rate", 6), ("systolic_bp", 8), ("respiratory_rate", 1))
    }
    if n == 16:
        offset["spo2"] = -7.0
    step = timedelta(minutes=10 if place.ward == "ICU" else 30)
    silent_after = NOW - timedelta(minutes=95) if n == 5 else NOW
    at = start + timedelta(minutes=rng.randint(0, 25))
    while at <= silent_after:
        found += _round(n, key, encounter, at, story, onset, scale, born, offset, rng)
        at += step
    return found


def _round(
    n: int, key: str, encounter: str, at: datetime, story: str, onset: int, scale: int, born: date,
    offset: dict[str, float], rng: random.Random,
) -> list[Event]:  # fmt: skip
    hours_in = (at - (NOW - timedelta(hours=onset))).total_seconds() / 3600
    ill = 0.0 if not story else 1 / (1 + math.exp(-1.1 * (hours_in - onset * 0.55)))
    if n == 9:
        ill = max(0.0, 0.8 - ill)  # got better
    values: dict[str, float] = {}
    for code, steady in STEADY.items():
        spread = {
            "temperature": 0.12,
            "spo2": 0.7,
            "respiratory_rate": 0.9,
            "heart_rate": 3,
            "systolic_bp": 4,
            "diastolic_bp": 3,
        }.get(code, 0)
        value = steady + offset.get(code, 0) + WORSE[story].get(code, 0) * ill + rng.gauss(0, spread)
        values[code] = round(value, 1) if code == "temperature" else float(round(value))
    values["spo2"] = min(values["spo2"], 100.0)
    values["consciousness"] = 1.0 if story == "drowsy" and ill > 0.5 else 0.0
    values["supplemental_oxygen"] = 1.0 if story in {"lungs", "sepsis"} and ill > 0.6 else 0.0
    if n == 7:
        values.pop("temperature")
    if n % 4 == 0 and at.minute < 30 and at.hour % 6 == 0:
        values |= {
            "lactate": round(1.2 + 2.6 * ill, 1),
            "wbc": round(8 + 9 * ill, 1),
            "creatinine": round(0.9 + 0.9 * ill, 2),
            "platelets": float(round(240 - 110 * ill)),
        }
    readings = tuple(
        Reading(id=digest(key, code, at.isoformat()), source=digest("s", key, code, at.isoformat()), code=code, value=v,
                unit=UNITS.get(code, "1"), taken=at)
        for code, v in values.items()
    )  # fmt: skip
    base = {**_base("obs", key, known=at), "patient": key}
    found: list[Event] = [ObservationsRecorded.model_validate({**base, "readings": readings, "encounter": encounter})]
    age = NOW.year - born.year
    score = news2.news2(
        {r.code: news2.Reading(r.value, at) for r in readings},
        at=at,
        age_years=age,
        oxygen_scale=2 if scale == 2 else 1,
    )
    ids = {r.code: r.id for r in readings}
    found.append(
        WarningScoreComputed(
            id=digest("news2", key, at.isoformat()), site=SITE, known=at, patient=key, as_of=at, score="news2",
            encounter=encounter, total=score.total, lowest=score.lowest or 0, highest=score.highest or 0, red=score.red,
            band=score.band, not_applicable=score.reason,
            parameters=tuple(
                ScoredParameter(name=p.name, value=p.value, points=p.score, taken=p.taken, reading=ids.get(p.name))
                for p in score.parameters
            ),
        )
    )  # fmt: skip
    mode = "live" if n < 12 else "silent"
    risk = {**base, "as_of": at, "model": "sepsis", "version": "1.0.0", "encounter": encounter, "mode": mode}
    if age < 18:
        found.append(
            ForecastDeclined.model_validate(
                {**risk, "id": digest("no", key, at.isoformat()), "reason": "sepsis is for 18 to 120 years"}
            )
        )
        return found
    if n == 3 and at > NOW - timedelta(minutes=40):
        found.append(
            ForecastMissed.model_validate(
                {**risk, "id": digest("miss", key, at.isoformat()), "row": 3, "reason": "no answer within 1 s"}
            )
        )
        return found
    probability = min(0.9, 0.012 + 0.02 * rng.random() + (0.34 if story in {"sepsis", "lungs"} else 0.08) * ill)
    forecast = RiskForecasted.model_validate(
        {**risk, "id": digest("risk", key, at.isoformat()), "horizon_hours": 6, "probability": probability, "threshold": 0.12,
         "features": digest("f", key, at.isoformat()), "row": 20}
    )  # fmt: skip
    found.append(forecast)
    if probability > 0.05:
        factors = (
            Factor(feature="respiratory_rate_max_6h", label="Respiratory rate, highest of 6 h", value=values["respiratory_rate"], contribution=1.1 * ill),
            Factor(feature="heart_rate_mean_6h", label="Pulse, mean of 6 h", value=values["heart_rate"], contribution=0.8 * ill),
            Factor(feature="temperature_slope_6h", label="Temperature, change over 6 h", value=round(1.9 * ill, 1), contribution=0.62 * ill),
            Factor(feature="systolic_bp_min_6h", label="Systolic pressure, lowest of 6 h", value=values["systolic_bp"], contribution=0.5 * ill),
            Factor(feature="lactate_last", label="Lactate, newest", value=round(1.2 + 2.6 * ill, 1), contribution=0.41 * ill),
            Factor(feature="iculos", label="Hours in the unit", value=31, contribution=-0.22),
            Factor(feature="platelets_last", label="Platelets, newest", value=None, contribution=-0.12),
        )  # fmt: skip
        found.append(
            ForecastExplained.model_validate(
                {**risk, "id": digest("why", key, at.isoformat()), "forecast": forecast.id, "factors": factors}
            )
        )
    return found


def _alerts(keys: dict[str, str]) -> list[Event]:
    found: list[Event] = []

    def tell(
        cls: type[Event], n: int, family: str, kind: str, severity: str, minutes: float, summary: str, **more: object
    ) -> str:
        at, key = NOW - timedelta(minutes=minutes), keys[family]
        alert = digest("alert", key, kind)
        found.append(
            cls.model_validate(
                {**_base(cls.__name__, alert, minutes, known=at), "patient": key, "alert": alert, "kind": kind, "severity": severity,
                 "at": at, "place": _bed(n), "summary": summary} | more
            )
        )  # fmt: skip
        return alert

    if "Okafor" in keys:
        tell(AlertRaised, 0, "Okafor", "sepsis", "amber", 96, "Sepsis risk 14 % and rising", source="x",
             evidence=(Evidence(text="Respiratory rate 22, up from 16"), Evidence(text="Temperature up 1.1 °C in 6 h")))  # fmt: skip
        tell(AlertNotified, 0, "Okafor", "sepsis", "amber", 95.9, "Sepsis risk 14 % and rising", receiver="grafana")
        tell(
            AlertEscalated,
            0,
            "Okafor",
            "sepsis",
            "red",
            21,
            "Sepsis risk 36 %, NEWS2 12: breathing fast, hypotensive, febrile",
            reason="NEWS2 rose from 6 to 12",
        )
    if "Lindqvist" in keys:
        tell(AlertRaised, 1, "Lindqvist", "news2", "red", 34, "NEWS2 8: SpO₂ 90 % on oxygen, breathing 24/min", source="x",
             evidence=(Evidence(text="SpO₂ 90 % scores 3"), Evidence(text="Oxygen and respiratory rate score 2 each")))  # fmt: skip
        tell(
            AlertAcknowledged,
            1,
            "Lindqvist",
            "news2",
            "red",
            22,
            "NEWS2 8: SpO₂ 90 % on oxygen, breathing 24/min",
            by="Sr. Hughes",
            why="",
        )
    if "Marsh" in keys:
        tell(
            AlertRaised,
            2,
            "Marsh",
            "deterioration",
            "amber",
            12,
            "Blood pressure falling for 3 hours, pulse rising",
            source="x",
        )
    if "Petrov" in keys:
        tell(AlertRaised, 9, "Petrov", "news2", "amber", 400, "NEWS2 5: febrile, tachycardic", source="x")
        tell(AlertResolved, 9, "Petrov", "news2", "amber", 160, "NEWS2 1", reason="NEWS2 below 3 for two hours")
    return found


def _findings(keys: dict[str, str], objects: dict[str, bytes]) -> list[Event]:
    objects["films/a/picture.png"], objects["films/a/heatmap.png"] = _film()
    if "Lindqvist" not in keys:
        return []
    at, key = NOW - timedelta(hours=2, minutes=10), keys["Lindqvist"]
    report = {
        **_base("film", key, known=at), "patient": key, "study": "1.2.3", "instance": "1.2.3.4", "model": "chest-pneumonia", "version": "1.0.0",
        "mode": "live", "as_of": at, "outcome": "finding", "label": "pneumonia", "probability": 0.87, "threshold": 0.5, "source": "x",
        "classes": (ClassProbability(name="normal", probability=0.13), ClassProbability(name="bacteria", probability=0.66), ClassProbability(name="virus", probability=0.21)),
        "picture": "films/a/picture.png", "heatmap": "films/a/heatmap.png",
    }  # fmt: skip
    first = NOW - timedelta(hours=20)
    other = report | _base("film", key, "first", known=first)
    other |= {"as_of": first, "instance": "1.2.3.3", "outcome": "cannot assess", "reason": "adult: chest-pneumonia is for 0 to 5 years",
              "label": None, "probability": None, "heatmap": None, "classes": ()}  # fmt: skip
    return [ImagingFindingReported.model_validate(other), ImagingFindingReported.model_validate(report)]


def _film() -> tuple[bytes, bytes]:
    """A drawing with the shape of a chest film, and a heatmap over the right lower zone."""
    picture = Image.new("L", (512, 512), 18)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((40, 20, 472, 560), fill=120)
    draw.ellipse((88, 70, 236, 440), fill=36)
    draw.ellipse((276, 70, 424, 430), fill=36)
    draw.ellipse((220, 250, 360, 450), fill=170)
    draw.rectangle((244, 20, 268, 500), fill=185)
    for i in range(9):
        draw.arc((70, 60 + 42 * i, 250, 140 + 42 * i), 190, 350, fill=105, width=7)
        draw.arc((262, 60 + 42 * i, 442, 140 + 42 * i), 190, 350, fill=105, width=7)
    draw.ellipse((110, 300, 210, 420), fill=112)
    picture = picture.filter(ImageFilter.GaussianBlur(9))
    heat = Image.new("L", (28, 28), 0)
    ImageDraw.Draw(heat).ellipse((5, 15, 12, 24), fill=255)
    return _png(picture), _png(heat.filter(ImageFilter.GaussianBlur(2)))


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _plans(keys: dict[str, str]) -> list[Event]:
    found: list[Event] = []
    levels = (0.05, 0.25, 0.5, 0.75, 0.95)
    for ward, beds, level in (("5B", 16, 12), ("ICU", 10, 8)):
        for h in range(24, -1, -1):
            at = NOW - timedelta(hours=h)
            occupied = level - (1 if 8 < h < 17 else 0) + (1 if h > 19 else 0)
            found.append(
                WardOccupancyChanged.model_validate(
                    {
                        **_base("census", ward, known=at),
                        "ward": ward,
                        "as_of": at,
                        "occupied": occupied,
                        "beds": beds,
                        "closed": int(ward == "5B"),
                        "waiting": 2 if ward == "5B" else 1,
                    }
                )
            )
        hours = []
        for h in range(1, 49):
            mean = level + 1.6 * (1 - math.exp(-h / 18)) + 0.9 * math.sin(h / 24 * 2 * math.pi)
            spread = 0.35 * math.sqrt(h)
            hours.append(
                DemandHour(
                    hours=h,
                    mean=mean,
                    quantiles=tuple(max(0.0, mean + spread * z) for z in (-1.64, -0.67, 0, 0.67, 1.64)),
                )
            )
        found.append(
            BedDemandForecasted.model_validate(
                {
                    **_base("demand", ward, known=NOW),
                    "ward": ward,
                    "as_of": NOW,
                    "model": "ward-census",
                    "version": "1",
                    "levels": levels,
                    "hours": tuple(hours),
                }
            )
        )
    waiting = (
        ("Eze", "female", "medicine", 1, False, "5B-7A"),
        ("Novak", "male", "medicine", 2, True, "5B-8A"),
        ("Ivers", "male", "critical care", 2, False, None),
    )
    assignments = []
    for n, (name, sex, specialty, priority, isolation, bed) in enumerate(waiting):
        key, at = digest("waiting", name), NOW - timedelta(hours=5 - n, minutes=13)
        found.append(
            AdmissionRequested.model_validate(
                {
                    **_base("req", key, known=at),
                    "patient": key,
                    "request": f"req-{n}",
                    "requested": at,
                    "specialty": specialty,
                    "priority": priority,
                    "isolation": isolation,
                    "sex": sex,
                    "expected_stay_hours": 84,
                }
            )
        )
        reason = (
            "Women's room, free now, right specialty",
            "Only free isolation bed",
            "No free bed for a man: ICU-5A is in a women's room; next expected 18:00",
        )[n]
        assignments.append(
            Assignment(request=f"req-{n}", patient=key, bed=bed, ward="5B" if bed else None, reason=reason)
        )
    found.append(
        ScheduleProposed.model_validate(
            {**_base("plan", known=NOW), "as_of": NOW, "proposal": "plan-1", "assignments": tuple(assignments)}
        )
    )
    return found
