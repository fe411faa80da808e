"""What a risk model was made with, as counts: `reference.json` in the model's folder, what drift is measured against.

Readings are those of the training hours, forecasts those of patients held out of the training. No single value of a
patient is in it, only edges that part many and shares of many.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from ray_jobs.registry import RegistryError
from ray_jobs.risk import drift

NAME: Final = "reference.json"
LEAST_READINGS: Final = 200
"""A reading measured more rarely in the training data has no distribution to compare with."""
HOURS_A_DAY: Final = 24
_DIGITS: Final = 6


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ReadingReference(_Part):
    """One reading: the last of each clock hour. Bin i holds edges[i-1] < value <= edges[i].

    count           hours in which it was measured; `effective`: what they are worth as independent values
    alike           correlation of the bins of one patient's values on one day (over a longer stay it is lower)
    measured        share of patient-hours with a measurement; `measured_alike`: the correlation of that
    """

    name: str
    edges: tuple[float, ...]
    shares: tuple[float, ...]
    count: int
    effective: float
    alike: float
    measured: float
    measured_alike: float


class ForecastReference(_Part):
    """Forecasts of patients the model never saw, one an hour; shares by bin of drift.PROBABILITY_EDGES.

    auroc and estimated_auroc: measured with labels, and estimated without, both from the bins. `alarms_per_patient_day`
    are at the alert threshold with 24 h of silence after each; `over` is the share of hours at or above the threshold.
    `alarm_dispersion` is the variance of patients' alarm counts over that of a Poisson count, at least 1: the sickest
    have several.
    """

    threshold: float
    shares: tuple[float, ...]
    count: int
    effective: float
    alike: float
    over_alike: float
    mean: float
    observed: float
    over: float
    ppv: float | None
    recall: float | None
    auroc: float | None
    estimated_auroc: float | None
    alarms_per_patient_day: float
    alarm_dispersion: float


class Reference(_Part):
    """The reference of a model."""

    hours: int
    patients: int
    readings: tuple[ReadingReference, ...]
    forecasts: ForecastReference


def build(
    columns: Mapping[str, NDArray[np.floating]],
    patient: NDArray[np.int64],
    hour: NDArray[np.int64],
    *,
    probability: NDArray[np.float64],
    label: NDArray[np.bool_],
    held_out_patient: NDArray[np.int64],
    held_out_hour: NDArray[np.int64],
    threshold: float,
) -> Reference:
    """The reference of a model.

    columns            reading's short name -> [n], one value for each training hour, NaN where it was not measured
    patient, hour      int64 [n], number of each hour's patient, and which hour of the stay it is
    probability, label, held_out_patient, held_out_hour   [m], hours of patients not trained on, each patient's
                       together and in order
    threshold          the probability from which a person is alerted (`Card.alerts_at`)
    """
    readings = [
        _reading(name, np.asarray(values, dtype=np.float64), patient, hour)
        for name, values in columns.items()
        if np.count_nonzero(~np.isnan(values)) >= LEAST_READINGS
    ]
    return Reference(
        hours=len(patient), patients=len(np.unique(patient)), readings=tuple(readings),
        forecasts=_forecasts(probability, label, held_out_patient, held_out_hour, threshold),
    )  # fmt: skip


def write(folder: Path, reference: Reference) -> Path:
    """Write `reference.json`; name it among the card's files, so that its hash is checked."""
    path = folder / NAME
    path.write_text(reference.model_dump_json(indent=None) + "\n", encoding="utf-8")
    return path


def read(folder: Path) -> Reference | None:
    """The reference of the model in this folder, None where there is none; RegistryError if it cannot be read."""
    path = folder / NAME
    try:
        return Reference.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        message = f"model {folder.name}: {NAME} cannot be read: {error}"
        raise RegistryError(message) from error


def _reading(
    name: str, values: NDArray[np.float64], patient: NDArray[np.int64], hour: NDArray[np.int64]
) -> ReadingReference:
    known = ~np.isnan(values)
    edges = np.array([_short(edge) for edge in drift.quantile_edges(values)])
    bins = np.searchsorted(edges, values[known], side="left")
    count, whose = int(known.sum()), patient[known]
    day = _days(patient, hour)
    alike = drift.correlation(bins, day[known])
    return ReadingReference(
        name=name,
        edges=tuple(edges.tolist()),
        shares=_shares(np.bincount(bins, minlength=len(edges) + 1)),
        count=count,
        effective=_short(drift.effective(count, _squares(whose), alike)),
        alike=_short(alike),
        measured=_short(count / len(values)),
        measured_alike=_short(drift.correlation(known.astype(np.int64), day)),
    )


def _forecasts(
    probability: NDArray[np.float64],
    label: NDArray[np.bool_],
    patient: NDArray[np.int64],
    hour: NDArray[np.int64],
    threshold: float,
) -> ForecastReference:
    from ray_jobs.risk.metrics import Hours  # here: it compiles, and those who only read a reference need not

    bins = np.searchsorted(drift.PROBABILITY_EDGES, probability, side="left")
    size = len(drift.PROBABILITY_EDGES) + 1
    counts = np.bincount(bins, minlength=size)
    positive = np.bincount(bins[label], minlength=size).astype(np.float64)
    joined = drift.merged(counts / counts.sum())[bins]
    day, over = _days(patient, hour), probability >= threshold
    alike = drift.correlation(joined, day)
    alarms = Hours(patient, hour, probability, label).alarms(threshold)
    return ForecastReference(
        threshold=threshold,
        shares=_shares(counts),
        count=len(probability),
        effective=_short(drift.effective(len(probability), _squares(patient), alike)),
        alike=_short(alike),
        over_alike=_short(drift.correlation(over.astype(np.int64), day)),
        mean=_short(probability.mean()),
        observed=_short(label.mean()),
        over=_short(over.mean()),
        ppv=_known(label[over].mean()) if over.any() else None,
        recall=_known(over[label].mean()) if label.any() else None,
        auroc=_known(drift.auroc(positive, counts - positive)),
        estimated_auroc=_known(drift.expected_auroc(counts)),
        alarms_per_patient_day=_short(alarms.sum() / len(probability) * HOURS_A_DAY),
        alarm_dispersion=_short(_dispersion(alarms, patient)),
    )


def _days(patient: NDArray[np.int64], hour: NDArray[np.int64]) -> NDArray[np.int64]:
    """A number for each day of each patient's stay."""
    numbers: NDArray[np.int64] = patient.astype(np.int64) * (int(hour.max()) // HOURS_A_DAY + 1) + hour // HOURS_A_DAY
    return numbers


def _squares(patient: NDArray[np.int64]) -> float:
    """The sum over patients of their squared counts."""
    return float(np.sum(np.unique(patient, return_counts=True)[1].astype(np.float64) ** 2))


def _dispersion(alarms: NDArray[np.bool_], patient: NDArray[np.int64]) -> float:
    """Pearson's: squared differences of each patient's alarms from those of the mean rate, over what was expected."""
    _, group = np.unique(patient, return_inverse=True)
    found, hours = np.bincount(group, weights=alarms), np.bincount(group)
    expected = hours * (alarms.sum() / len(alarms))
    return max(1.0, float(np.sum((found - expected) ** 2) / expected.sum())) if alarms.any() else 1.0


def _shares(counts: NDArray[np.int64]) -> tuple[float, ...]:
    return tuple(_short(share) for share in counts / counts.sum())


def _short(value: float) -> float:
    """Six digits: enough for any measure, and a small file."""
    return float(f"{float(value):.{_DIGITS}g}")


def _known(value: float) -> float | None:
    return None if np.isnan(value) else _short(value)
