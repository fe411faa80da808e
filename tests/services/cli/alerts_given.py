"""A ward's log for `wardwatch alerts`: patients whose sepsis risk rises, some of them rightly."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.codes import SNOMED
from schemas.events import (
    AvailabilityPublished,
    ConditionRecorded,
    EncounterEnded,
    Event,
    LocationDefined,
    PatientContextChanged,
    Place,
    RiskForecasted,
)
from schemas.ids import digest
from services.cli import alerts_log
from services.runtime.fake_log import FakeLog
from services.runtime.outgoing import outgoing

T0 = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
SITE, PARTITIONS = "main", 2
RISING = (0.01, 0.02, 0.2, 0.25, 0.3, 0.3, 0.2, 0.01, 0.01, 0.01, 0.01, 0.01)
LOW = (0.01,) * 12


def at(hours: float) -> datetime:
    """So many hours after the start."""
    return T0 + timedelta(hours=hours)


def patient(number: int) -> str:
    """A patient's key."""
    return f"patient-{number:04d}"


def stay(number: int, risks: tuple[float, ...], *, onset: float | None = None, ward: str = "5B") -> Iterator[Event]:
    """A patient admitted at the start, hourly forecasts of a silent model, sent home a day later."""
    key = patient(number)
    told: dict[str, Any] = {"site": SITE, "patient": key, "encounter": f"stay-{number}"}
    yield PatientContextChanged(
        id=digest("c", key), known=T0, as_of=T0, open=True, place=Place(ward=ward), **told
    )  # fmt: skip
    for hour, p in enumerate(risks):
        yield RiskForecasted(
            id=digest("f", key, hour), known=at(hour), as_of=at(hour), model="sepsis", version="2", mode="silent",
            horizon_hours=6, probability=p, threshold=0.02, features="f", row=hour, **told,
        )  # fmt: skip
    if onset is not None:
        yield ConditionRecorded(
            id=digest("d", key), site=SITE, patient=key, known=at(30), condition=f"c-{number}", system=SNOMED,
            code="91302008", onset=at(onset),
        )  # fmt: skip
    yield EncounterEnded(id=digest("e", key), known=at(24), ended=at(24), outcome="home", **told)
    yield PatientContextChanged(
        id=digest("c", key, "home"), known=at(24), as_of=at(24), open=False, site=SITE, patient=key
    )  # fmt: skip


def later(number: int = 99) -> Iterator[Event]:
    """A patient of another ward three days on, so that earlier outcomes are told by now."""
    yield from (
        event.model_copy(update={"known": event.known + timedelta(days=3)})
        for event in stay(number, LOW, ward="4A")
        if isinstance(event, RiskForecasted)
    )


def ward() -> list[Event]:
    """Two rightly high, one wrongly, one found by nothing, six low."""
    facts: list[Event] = [*stay(1, RISING, onset=7), *stay(2, RISING, onset=5), *stay(3, RISING)]
    facts += [*stay(4, LOW, onset=9), *(e for n in range(5, 11) for e in stay(n, LOW)), *later()]
    return facts


def nurses() -> list[Event]:
    """Two nurses in every shift of the first day, one of them absent at night."""
    return [
        AvailabilityPublished(
            id=digest("n", nurse, shift), site=SITE, known=T0, location=nurse, role="nurse", day=T0.date(),
            minutes=0 if (nurse, shift) == ("n2", "night") else 480, shift=shift, skill=1, most_workload=10, ward="5B",
        )
        for nurse in ("n1", "n2") for shift in ("early", "late", "night")
    ]  # fmt: skip


def wards() -> list[Event]:
    """Two wards, one of them closed."""
    return [
        LocationDefined(id=name, site=SITE, known=T0, location=name, kind="ward", name=name, active=name != "9Z")
        for name in ("5A", "5B", "9Z")
    ]  # fmt: skip


def log_of(facts: list[Event]) -> FakeLog:
    """A log that holds these facts."""
    log = FakeLog(PARTITIONS)
    log.append([outgoing(fact, source="test", partitions=PARTITIONS) for fact in facts])
    return log


def use(monkeypatch: pytest.MonkeyPatch, log: FakeLog) -> None:
    """The commands read this log instead of Kafka."""
    monkeypatch.setattr(alerts_log, "configured", log.reader)
