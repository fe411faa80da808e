"""What each model must reach (issue 4), against what was measured: a figure that misses is said to miss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Wanted:
    """A figure (path of keys in a part's figures) with the least and most that will do, and what is aimed at."""

    title: str
    part: str
    path: tuple[str, ...]
    least: float | None = None
    most: float | None = None
    aim: float | None = None


@dataclass(frozen=True, slots=True)
class Must:
    """A wanted figure and what was measured; values are all of a list that must hold, else one."""

    wanted: Wanted
    values: tuple[float, ...]
    low: float | None
    high: float | None

    @property
    def met(self) -> bool:
        """Whether every value lies where it must."""
        least, most = self.wanted.least, self.wanted.most
        return all((least is None or v >= least) and (most is None or v <= most) for v in self.values)

    @property
    def told(self) -> dict[str, Any]:
        """For metrics.json."""
        wanted = self.wanted
        return {
            "figure": wanted.title,
            "part": wanted.part,
            "least": wanted.least,
            "most": wanted.most,
            "aim": wanted.aim,
            "measured": list(self.values),
            "low": self.low,
            "high": self.high,
            "met": self.met,
        }


_PPV: Final = "PPV at 1 alarm in 12 bed-days"
_RECALIBRATED: Final = ("recalibration", "slope_median")
_RECALIBRATION: Final = "Calibration slope after recalibration on 500 patients, median of 200 draws"
_RATIOS: Final = ("calibration", "observed_expected_top_twentieths")
WANTED: Final[Mapping[str, tuple[Wanted, ...]]] = MappingProxyType(
    {
        "sepsis": (
            Wanted("AUROC", "within", ("auroc",), least=0.86, aim=0.88),
            Wanted("Utility", "within", ("utility",), least=0.44, aim=0.47),
            Wanted(_PPV, "within", ("ppv_at_budget",), least=0.28, aim=0.35),
            Wanted("Calibration slope", "within", ("calibration", "slope"), least=0.9, most=1.1),
            Wanted("Observed/expected, five highest twentieths", "within", _RATIOS, least=0.8, most=1.25),
        ),
        "sepsis-a": (
            Wanted("AUROC", "across_b", ("auroc",), least=0.81, aim=0.84),
            Wanted("Utility", "across_b", ("utility",), least=0.31, aim=0.38),
            Wanted(_RECALIBRATION, "across_b", _RECALIBRATED, least=0.85, most=1.15),
        ),
        "sepsis-b": (
            Wanted("AUROC", "across_a", ("auroc",), least=0.80, aim=0.82),
            Wanted("Utility", "across_a", ("utility",), least=0.35, aim=0.40),
            Wanted(_RECALIBRATION, "across_a", _RECALIBRATED, least=0.85, most=1.15),
        ),
        "deterioration": (
            Wanted("AUROC", "within", ("auroc",), least=0.885, aim=0.90),
            Wanted("Event 1 (lesser of sensitivity and PPV)", "within", ("event1",), least=0.54, aim=0.56),
            Wanted("Calibration slope", "within", ("calibration", "slope"), least=0.85, most=1.15),
            Wanted("Calibration error (10 equal-count bins)", "within", ("calibration", "ece"), most=0.02),
        ),
    }
)


def musts(figures: Mapping[str, Any]) -> list[Must]:
    """What is wanted of figures["model"] and was measured; parts that are not there are left out."""
    found = []
    for wanted in WANTED.get(figures["model"], ()):
        part: Any = figures.get(wanted.part)
        if part is None:
            continue
        value = part
        for key in wanted.path:
            value = value[key]
        low, high = _interval(part, wanted.path, value)
        if isinstance(value, dict):
            value = value["value"]
        found.append(Must(wanted, tuple(value) if isinstance(value, list) else (value,), low, high))
    return found


def _interval(
    part: Mapping[str, Any],
    path: tuple[str, ...],
    value: Any,  # noqa: ANN401 - a figure is a number, list or interval
) -> tuple[float | None, float | None]:
    if not isinstance(value, dict):
        intervals = part[path[0]].get("interval", {}) if len(path) > 1 else {}
        value = intervals.get(path[-1])
    return (value["low"], value["high"]) if isinstance(value, dict) else (None, None)
