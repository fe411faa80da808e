"""Which features speak of which reading: an explanation takes away a reading, not one of its twenty features.

A feature belongs to every reading that is in it; ratios and points to each of theirs. To take a factor away is to set
its features to unknown (its counts to 0), as if the reading had never been made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ray_jobs.risk.feature_sets import FEATURE_SETS
from ray_jobs.risk.grid import EXTRA_NAMES, NAMES

# Features that are not "WHAT_reading[_HOURSh]".
MIXED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "shock_index": ("heart_rate", "systolic_bp"),
        "shock_index_max": ("heart_rate", "systolic_bp"),
        "pulse_pressure": ("systolic_bp", "diastolic_bp"),
        "age_shock_index": ("age", "heart_rate", "systolic_bp"),
        "bun_creatinine": ("bun", "creatinine"),
        "spo2_fio2": ("spo2", "fio2"),
        "sao2_fio2": ("sao2", "fio2"),
        "lactate_bicarbonate": ("lactate", "bicarbonate"),
        "qsofa_met": ("respiratory_rate", "systolic_bp"),
        "sirs_met": ("heart_rate", "temperature", "respiratory_rate", "wbc"),
        "sofa_partial": ("mean_bp", "platelets", "bilirubin_total", "creatinine"),
        "qsofa_known": ("measuring",),
        "sirs_known": ("measuring",),
        "measured_now": ("measuring",),
        "measured": ("measuring",),
        "labs_recent": ("measuring",),
        "vitals_recent": ("measuring",),
        "iculos": ("time",),
        "hours": ("time",),
        "hosp_adm_time": ("time",),
        "unit1": ("unit",),
        "unit2": ("unit",),
        "medical": ("unit",),
        "surgical": ("unit",),
        "cardiac": ("unit",),
        "age": ("age",),
        "sex": ("sex",),
        "urine_per_kg_24h": ("urine_output",),
        "urine_per_kg_hour": ("urine_output",),
        "pao2_fio2": ("pao2", "fio2"),
        "pao2_fio2_min": ("pao2", "fio2"),
        "gcs_gain": ("glasgow_coma_score",),
        "age_gcs": ("age", "glasgow_coma_score"),
        "body_mass_index": ("weight", "height"),
        "ventilated": ("mechanical_ventilation",),
        "ventilated_hours": ("mechanical_ventilation",),
        "saps_partial": ("age", "glasgow_coma_score", "heart_rate", "systolic_bp", "temperature", "bun", "wbc"),
    }
)
_READINGS: Final = "|".join(sorted((*NAMES, *EXTRA_NAMES), key=len, reverse=True))
_PLAIN: Final = re.compile(rf"(?P<what>[a-z_]+?)_(?P<reading>{_READINGS})(_\d+h)?")


@dataclass(frozen=True, slots=True)
class Factors:
    """The factors of a feature set, in order of first appearance, and the features of each."""

    names: tuple[str, ...]
    columns: tuple[NDArray[np.int64], ...]
    blank: NDArray[np.float64]
    """What each feature is when its factor is unknown: 0 for counts, else NaN; float64 [features]."""

    def without(self, row: NDArray[np.float64]) -> NDArray[np.float64]:
        """The row [f] with each factor taken away in turn: [factors, f]."""
        rows = np.repeat(row[None, :], len(self.names), axis=0)
        for i, columns in enumerate(self.columns):
            rows[i, columns] = self.blank[columns]
        return rows

    def told(self, row: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Which factors are known, bool [factors], and the row without each of those: [known, f].

        Taking away what is not there changes nothing, and most of forty factors of a patient on a ward are not there.
        """
        rows = self.without(row)
        changed = ~((rows == row) | (np.isnan(rows) & np.isnan(row))).all(axis=1)
        return changed, rows[changed]


def factors_of(feature: str) -> tuple[str, ...]:
    """The factors a feature speaks of; raises KeyError for a feature nobody named."""
    if feature in MIXED:
        return MIXED[feature]
    found = _PLAIN.fullmatch(feature)
    if found is None:
        raise KeyError(feature)
    return (found["reading"],)


@cache
def factors(feature_set: str) -> Factors:
    """The factors of a feature set (a key of FEATURE_SETS)."""
    features = FEATURE_SETS[feature_set].features
    columns: dict[str, list[int]] = {}
    for i, feature in enumerate(features):
        for name in factors_of(feature):
            columns.setdefault(name, []).append(i)
    blank = np.array([0.0 if feature.startswith("count_") else np.nan for feature in features])
    return Factors(tuple(columns), tuple(np.array(c, dtype=np.int64) for c in columns.values()), blank)
