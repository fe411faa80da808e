"""Plausible vital signs and laboratory values of one simulated patient over hospital hours.

Each value is a personal baseline, a day rhythm, a slow mean-reverting wander (AR(1), half-life one
hour), measurement noise, and the pull of an illness that develops along a logistic curve. Ranges
follow NEWS2's chart (RCP 2017) and the Sepsis-3 picture (Singer et al., JAMA 2016): tachycardia,
tachypnoea, fever, falling pressure and saturation, rising lactate, creatinine and leukocytes.
It is a stage for showing and testing the system, not a model of disease; nothing is trained on it.
"""

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

Illness = Literal["none", "sepsis", "respiratory", "recovering"]


@dataclass(frozen=True, slots=True)
class Sign:
    """One vital sign or laboratory value: adult mean and spread, bounds, decimals, and what illness adds at most."""

    code: str
    mean: float
    between: float
    within: float
    low: float
    high: float
    decimals: int
    sepsis: float = 0.0
    respiratory: float = 0.0
    rhythm: float = 0.0


VITALS = (
    Sign("heart_rate", 76, 8, 2.5, 30, 220, 0, sepsis=48, respiratory=28, rhythm=4),
    Sign("respiratory_rate", 15.5, 1.3, 0.8, 4, 60, 0, sepsis=11, respiratory=13),
    Sign("systolic_bp", 126, 11, 4, 50, 240, 0, sepsis=-42, respiratory=8, rhythm=5),
    Sign("diastolic_bp", 72, 7, 3, 25, 140, 0, sepsis=-24, respiratory=3, rhythm=3),
    Sign("temperature", 36.8, 0.2, 0.1, 33, 42, 1, sepsis=2.2, respiratory=0.9, rhythm=0.25),
    Sign("spo2", 97.0, 0.9, 0.5, 60, 100, 0, sepsis=-4, respiratory=-9),
)
LABS = (
    Sign("lactate", 1.2, 0.3, 0.1, 0.3, 20, 1, sepsis=4.5, respiratory=0.8),
    Sign("creatinine", 0.95, 0.2, 0.05, 0.2, 12, 2, sepsis=1.6),
    Sign("wbc", 8.5, 1.8, 0.4, 0.5, 60, 1, sepsis=12, respiratory=5),
    Sign("platelets", 240, 50, 8, 10, 800, 0, sepsis=-110),
    Sign("bun", 16, 4, 1, 2, 150, 0, sepsis=22),
    Sign("potassium", 4.1, 0.3, 0.1, 2, 8, 1, sepsis=0.7),
    Sign("glucose", 118, 18, 9, 30, 600, 0, sepsis=55),
)
CHILD_SHIFT = {"heart_rate": 34.0, "respiratory_rate": 10.0, "systolic_bp": -26.0, "diastolic_bp": -14.0}
"""What a child of 1 to 5 years has more or less than an adult (APLS 6th edition, table of normal ranges)."""


@dataclass(slots=True)
class Body:
    """One patient's values. `onset` is the hospital hour at which the illness is half developed."""

    rng: np.random.Generator
    child: bool = False
    illness: Illness = "none"
    onset: float = 0.0
    ramp_hours: float = 3.0
    _base: dict[str, float] = field(default_factory=dict)
    _wander: dict[str, float] = field(default_factory=dict)
    _at: float | None = None

    def __post_init__(self) -> None:
        """Draw the personal baseline."""
        for sign in (*VITALS, *LABS):
            shift = CHILD_SHIFT.get(sign.code, 0.0) if self.child else 0.0
            self._base[sign.code] = sign.mean + shift + sign.between * float(self.rng.normal())
            self._wander[sign.code] = 0.0

    def severity(self, hour: float) -> float:
        """0 well to 1 at the height of the illness."""
        if self.illness == "none":
            return 0.0
        developed = 1.0 / (1.0 + math.exp(-(hour - self.onset) / max(self.ramp_hours / 4.0, 0.05)))
        return 1.0 - developed if self.illness == "recovering" else developed

    def measure(self, hour: float, signs: tuple[Sign, ...]) -> dict[str, float]:
        """Values of the signs at a hospital hour, rounded as a device would."""
        elapsed = 0.0 if self._at is None else max(0.0, hour - self._at)
        self._at = hour
        keep = 0.5**elapsed
        ill = self.severity(hour)
        found: dict[str, float] = {}
        for sign in signs:
            wander = self._wander[sign.code] * keep + sign.within * math.sqrt(1 - keep**2) * float(self.rng.normal())
            self._wander[sign.code] = wander
            pull = sign.respiratory if self.illness == "respiratory" else sign.sepsis
            rhythm = sign.rhythm * math.sin((hour - 9.0) / 24.0 * 2 * math.pi)
            noise = 0.3 * sign.within * float(self.rng.normal())
            value = self._base[sign.code] + rhythm + wander + noise + pull * ill
            found[sign.code] = round(min(max(value, sign.low), sign.high), sign.decimals)
        if "diastolic_bp" in found:
            found["diastolic_bp"] = min(found["diastolic_bp"], found["systolic_bp"] - 10)
        return found

    def oxygen(self, hour: float) -> bool:
        """Whether the patient is on oxygen."""
        return self.illness in ("sepsis", "respiratory", "recovering") and self.severity(hour) > 0.55  # noqa: PLR2004 - a stage direction

    def confused(self, hour: float) -> bool:
        """New confusion, late in sepsis."""
        return self.illness == "sepsis" and self.severity(hour) > 0.9  # noqa: PLR2004 - a stage direction
