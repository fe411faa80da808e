"""Names of the features, in order, and their hash: all that a caller or a replica needs, without compiling anything."""

from __future__ import annotations

import hashlib
import json
from typing import Final

from ray_jobs.risk.grid import COLUMNS, NAMES, STATIC_NAMES

# The seven vital signs whose course matters (etco2 is measured in one of the two training hospitals only).
VITALS: Final = 7
MEANS: Final = (3, 6, 12, 24)
EXTREMES: Final = (6, 24)
DEVIATIONS: Final = (12,)
SLOPES: Final = (6, 12)
# The baseline is the mean of what was measured in the first hours of the stay.
BASELINE_HOURS: Final = 6


DERIVED: Final = (
    "shock_index",
    "pulse_pressure",
    "age_shock_index",
    "bun_creatinine",
    "spo2_fio2",
    "sao2_fio2",
    "lactate_bicarbonate",
    "qsofa_met",
    "qsofa_known",
    "sirs_met",
    "sirs_known",
    "sofa_partial",
    "measured_now",
    "labs_recent",
    "vitals_recent",
    "iculos",
)


def _names() -> tuple[str, ...]:
    names = [f"last_{name}" for name in NAMES]
    names += [f"hours_since_{name}" for name in NAMES]
    names += [f"count_{name}" for name in NAMES]
    names += [f"change_{name}" for name in NAMES]
    for vital in NAMES[:VITALS]:
        names += [f"mean_{vital}_{hours}h" for hours in MEANS]
        names += [f"{end}_{vital}_{hours}h" for hours in EXTREMES for end in ("min", "max")]
        names += [f"std_{vital}_{hours}h" for hours in DEVIATIONS]
        names += [f"slope_{vital}_{hours}h" for hours in SLOPES]
        names += [f"from_baseline_{vital}"]
    return (*names, *DERIVED, *STATIC_NAMES)


FEATURES: Final[tuple[str, ...]] = _names()


# Raised whenever the arithmetic of features.py or derived.py changes under the same names.
ARITHMETIC: Final = 1


def features_sha() -> str:
    """SHA-256 over arithmetic, names, columns and their ranges, in order: which features a model was made for."""
    return hashlib.sha256(json.dumps([ARITHMETIC, FEATURES, COLUMNS]).encode()).hexdigest()
