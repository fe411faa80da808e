"""Patients, calls and a running application for the tests of CDS Hooks."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from fastapi.testclient import TestClient

from schemas.events import (
    AlertRaised,
    Event,
    Evidence,
    Factor,
    ForecastExplained,
    PatientContextChanged,
    Place,
    RiskForecasted,
    ScoredParameter,
    WarningScoreComputed,
)
from schemas.events.alerts import Kind, Severity
from schemas.ids import digest
from services.cds_hooks.app import cds_app
from services.cds_hooks.parts import Parts
from services.cds_hooks.standing import Patients
from services.cds_hooks.trust import Trust
from services.runtime.clock import ToldClock
from services.runtime.fake_log import FakeLog
from services.runtime.health import Health
from services.runtime.identity import FakeIdentity
from services.runtime.ports import Identifier
from services.runtime.settings import Settings

T0 = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
PATIENT, FHIR_ID, MRN = "patientkey-0001", "p-1", "4711"
BASE = "http://cds.example"
CONSOLE = "https://console.example"
Json = dict[str, Any]


def minutes(n: float) -> datetime:
    """So many minutes after the start."""
    return T0 + timedelta(minutes=n)


def about(at: datetime, what: str, patient: str = PATIENT) -> Json:
    """What every event has."""
    return {"id": digest(what, at, patient), "site": "main", "known": at, "patient": patient}


def raised(minute: float = 0, kind: Kind = "sepsis", severity: Severity = "red", alert: str = "a1") -> AlertRaised:
    """An alert."""
    at = minutes(minute)
    return AlertRaised(
        **about(at, f"raised {alert}"), alert=alert, kind=kind, severity=severity, at=at, place=Place(ward="5B"),
        summary="Sepsis risk 0.71", evidence=(Evidence(text="lactate 4.1 mmol/L > 2"),), source="s1",
    )  # fmt: skip


def score(total: int | None, minute: float = 0, *, red: bool = False, lowest: int = 0) -> WarningScoreComputed:
    """A NEWS2 with one parameter that has points, and one that was not measured."""
    band: Literal["high", "medium", "low"] = "high" if (total or 0) >= 7 else "medium" if (total or 0) >= 5 else "low"
    return WarningScoreComputed(
        **about(minutes(minute), "score"), as_of=minutes(minute), score="NEWS2", total=total,
        lowest=lowest if total is None else total, highest=20 if total is None else total, red=red,
        band=None if total is None else band, parameters=(
            ScoredParameter(name="respiratory_rate", value=26, points=3),
            ScoredParameter(name="temperature", points=None),
        ),
    )  # fmt: skip


def forecast(
    probability: float, minute: float = 0, *, mode: Literal["live", "silent"] = "live", model: str = "sepsis"
) -> RiskForecasted:
    """A forecast whose alarm level is 2 %."""
    return RiskForecasted(
        **about(minutes(minute), f"forecast {model} {mode}"), as_of=minutes(minute), model=model, version="3",
        mode=mode, horizon_hours=6, probability=probability, threshold=0.02, features="f", row=1,
    )  # fmt: skip


def explained(minute: float = 0, model: str = "sepsis") -> ForecastExplained:
    """Two reasons."""
    return ForecastExplained(
        **about(minutes(minute), f"why {model}"), as_of=minutes(minute), model=model, version="3", mode="live",
        forecast="f", probability=0.1, factors=(
            Factor(feature="age", label="Age", value=30, unit="a", contribution=-0.2),
            Factor(feature="lactate", label="Lactate", value=4.2, unit="mmol/L", contribution=0.9),
        ),
    )  # fmt: skip


def context(minute: float = 0, patient: str = PATIENT, **more: Any) -> PatientContextChanged:  # noqa: ANN401
    """In a bed, unless told otherwise."""
    return PatientContextChanged(
        **about(minutes(minute), "context", patient), as_of=minutes(minute), **({"open": True} | more)
    )


def call(hook: str = "patient-view", **more: Any) -> Json:  # noqa: ANN401 - any field of a request
    """A good request; `context` is added to what the hook needs."""
    needs: dict[str, Json] = {
        "encounter-discharge": {"encounterId": "e-1"},
        "order-sign": {"draftOrders": drafts()},
        "order-select": {"draftOrders": drafts(), "selections": []},
    }
    inside = {"userId": "Practitioner/dr-7", "patientId": FHIR_ID} | needs.get(hook, {}) | more.pop("context", {})
    return {"hook": hook, "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", "context": inside} | more


def drafts(*codes: str) -> Json:
    """A bundle of drafted ServiceRequests."""
    entries = [
        {"resource": {"resourceType": "ServiceRequest", "id": f"o{n}", "status": "draft",
                      "code": {"coding": [{"system": "http://loinc.org", "code": code}]}}}
        for n, code in enumerate(codes)
    ]  # fmt: skip
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


class Bench:
    """The application over patients, an identity store and a log in memory."""

    def __init__(self, events: Iterable[Event] = (), trust: Trust | None = None, console: str = CONSOLE) -> None:
        self.log, self.patients, self.clock = FakeLog(2), Patients(), ToldClock(T0)
        self.identity = FakeIdentity(lambda: PATIENT)
        self.identity.register("main", [Identifier("fhir", FHIR_ID), Identifier("mrn", MRN)])
        self.current = True
        for event in events:
            self.patients.fold(event)
            self.clock.told(event.known)
        parts = Parts(
            settings=Settings(open=True, site="main", partitions=2, console_url=console),
            patients=self.patients, identity=self.identity, publisher=self.log.publisher(), clock=self.clock,
            trust=trust or Trust(()), current=lambda: self.current, base=BASE,
        )  # fmt: skip
        self.client = TestClient(cds_app(parts, Health("cds-hooks")), raise_server_exceptions=False)

    def post(self, path: str, body: object, **headers: str) -> tuple[int, Json]:
        """Status and answer."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = self.client.post(f"/cds-services/{path}", content=content, headers=headers)
        return answer.status_code, answer.json()

    def cards(self, hook: str = "patient-view", **more: Any) -> list[Json]:  # noqa: ANN401 - any field of a request
        """The cards of a good call."""
        status, answer = self.post(f"wardwatch-{hook}", call(hook, **more))
        assert status == 200, answer
        found: list[Json] = answer["cards"]
        return found
