"""Events of the risk and bed streams for tests: small, of one site, at minutes after a start."""

from datetime import UTC, datetime, timedelta

from schemas.events import BedDemandForecasted, PatientContextChanged, WardOccupancyChanged, WarningScoreComputed
from schemas.events.clinical import Place
from schemas.events.plans import DemandHour
from schemas.events.risk import ForecastMissed, RiskForecasted
from schemas.ids import digest

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def key(patient: str) -> str:
    """A patient key of a short name."""
    return f"key-of-patient-{patient}"


def at(minute: float) -> datetime:
    """Minutes after the start."""
    return START + timedelta(minutes=minute)


def arrived(
    patient: str, ward: str = "5B", bed: str = "5B-1", minute: float = 0, **more: object
) -> PatientContextChanged:
    """A patient is on a ward, or with `open=False` has gone."""
    common = {"id": digest("context", patient, str(minute), ward), "site": "main", "known": at(minute)}
    said = {"patient": key(patient), "as_of": at(minute), "open": True, "place": Place(ward=ward, bed=bed)}
    return PatientContextChanged.model_validate({**common, **said, **more})


def forecast(patient: str, probability: float, minute: float = 1, **more: object) -> RiskForecasted:
    """A live sepsis forecast."""
    common = {
        "id": digest("forecast", patient, str(minute)),
        "site": "main",
        "known": at(minute),
        "patient": key(patient),
    }
    said = {"as_of": at(minute), "model": "sepsis", "version": "1", "mode": "live", "probability": probability}
    rest = {"threshold": 0.5, "features": "f", "row": 0, "horizon_hours": 6.0}
    return RiskForecasted.model_validate({**common, **said, **rest, **more})


def missed(patient: str, minute: float) -> ForecastMissed:
    """The model did not answer."""
    common = {
        "id": digest("missed", patient, str(minute)),
        "site": "main",
        "known": at(minute),
        "patient": key(patient),
    }
    said = {"as_of": at(minute), "model": "sepsis", "version": "1", "mode": "live", "row": 1, "reason": "too late"}
    return ForecastMissed.model_validate({**common, **said})


def news2(patient: str, total: int, minute: float = 1) -> WarningScoreComputed:
    """A complete NEWS2."""
    common = {"id": digest("news2", patient, str(minute)), "site": "main", "known": at(minute), "patient": key(patient)}
    said = {"as_of": at(minute), "score": "NEWS2", "total": total, "lowest": total, "highest": total}
    return WarningScoreComputed.model_validate({**common, **said, "red": False, "band": "low"})


def census(ward: str, occupied: int, minute: float = 1) -> WardOccupancyChanged:
    """So many beds of 24 are taken."""
    said = {"ward": ward, "as_of": at(minute), "occupied": occupied, "beds": 24, "waiting": 1}
    return WardOccupancyChanged.model_validate(
        {"id": digest("census", ward, str(minute)), "site": "main", "known": at(minute), **said}
    )


def demand(ward: str | None, *hours: tuple[float, float]) -> BedDemandForecasted:
    """A forecast of (hours ahead, mean), 0.1 and 0.9 quantiles two beds below and above."""
    steps = tuple(DemandHour(hours=h, mean=m, quantiles=(m - 2, m + 2)) for h, m in hours)
    said = {"ward": ward, "as_of": at(1), "model": "beds-hourly", "version": "1", "levels": (0.1, 0.9), "hours": steps}
    return BedDemandForecasted.model_validate(
        {"id": digest("demand", str(ward)), "site": "main", "known": at(1), **said}
    )
