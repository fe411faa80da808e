"""Names of the features of a whole course (model `deterioration`), in order, and their hash: nothing is compiled."""

from __future__ import annotations

import hashlib
import json
from typing import Final

from ray_jobs.risk.grid import COLUMNS, EXTRA_COLUMNS, EXTRA_NAMES, NAMES

# End-tidal CO2 and the values that the 2012 challenge never has are left out: they would be unknown in every stay.
UNKNOWN_IN_2012: Final = frozenset(
    {
        "spo2",
        "etco2",
        "base_excess",
        "calcium",
        "chloride",
        "bilirubin_direct",
        "phosphate",
        "hemoglobin",
        "ptt",
        "fibrinogen",
    }
)
COURSE_COLUMNS: Final[tuple[str, ...]] = tuple(name for name in (*NAMES, *EXTRA_NAMES) if name not in UNKNOWN_IN_2012)
# Of the whole course so far, then of its last hours.
WHOLE: Final = ("last", "since", "count", "first", "mean", "min", "max", "std", "slope")
RECENT: Final = ("mean", "min", "max")
RECENT_HOURS: Final = (24, 8)
DERIVED: Final = (
    "urine_per_kg_24h",
    "urine_per_kg_hour",
    "pao2_fio2",
    "pao2_fio2_min",
    "shock_index",
    "shock_index_max",
    "bun_creatinine",
    "gcs_gain",
    "age_gcs",
    "body_mass_index",
    "ventilated",
    "ventilated_hours",
    "sofa_partial",
    "saps_partial",
    "measured",
    "hours",
)
STATIC: Final = ("age", "sex", "medical", "surgical", "cardiac")


def _names() -> tuple[str, ...]:
    names = [f"{what}_{column}" for column in COURSE_COLUMNS for what in WHOLE]
    names += [f"{what}_{column}_{h}h" for column in COURSE_COLUMNS for h in RECENT_HOURS for what in RECENT]
    return (*names, *DERIVED, *STATIC)


FEATURES: Final[tuple[str, ...]] = _names()
# Raised whenever the arithmetic of course_features.py changes under the same names.
ARITHMETIC: Final = 1


def features_sha() -> str:
    """SHA-256 over arithmetic, names, columns and their ranges: which features a model was made for."""
    return hashlib.sha256(json.dumps([ARITHMETIC, FEATURES, COLUMNS, EXTRA_COLUMNS]).encode()).hexdigest()
