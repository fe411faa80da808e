"""What each risk model is made of: data, members and their parameters, found by a search (docs/benchmarks/risk.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from ray_jobs.registry import Population
from ray_jobs.risk.feature_sets import FEATURE_SETS
from ray_jobs.risk.split import SEED

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Trees:
    """Boosted trees (LightGBM): so many rounds with these parameters, on rows drawn at `negative_rate`.

    `target` is the column that is learnt: a kindred outcome that more patients have can teach what the label cannot.
    `count` boosters with seeds of their own are averaged.
    """

    rounds: int
    parameters: Values
    negative_rate: float = 1.0
    target: str = "label"
    count: int = 1


@dataclass(frozen=True, slots=True)
class Bag:
    """A bag of small networks (`ray_jobs.risk.nets`).

    `auxiliary` weighs a second output, whether the stay ever has the outcome; `count` networks are averaged.
    """

    count: int = 4
    hidden: int = 128
    second: int = 64
    epochs: int = 4
    batch: int = 1024
    rate: float = 1.5e-3
    decay: float = 0.1
    drop_inputs: float = 0.2
    drop_hidden: float = 0.5
    auxiliary: float = 0.3
    negative_rate: float = 1.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """A model: `data` names what it is trained on; features matching `excluded` are unknown to every member."""

    name: str
    feature_set: str
    data: tuple[str, ...]
    outcome: str
    horizon_hours: float | None
    population: Population
    input: str
    licence: str
    members: Mapping[str, Trees | Bag]
    kind: Literal["hourly", "once"]
    max_hours: int
    min_vitals: int
    excluded: str = ""
    live: bool = True
    seed: int = SEED
    # What an hour before the first labelled one of a stay with the outcome counts in fitting (1: as any other).
    before_outcome: float = 1.0
    # Landmark hours (0 = first) and their weights: how much of a stay is known when its row is taken; "once" only.
    landmarks: Mapping[int, float] = field(default_factory=dict)

    @property
    def excluded_columns(self) -> NDArray[np.int64]:
        """Positions of the excluded features."""
        names = FEATURE_SETS[self.feature_set].features
        return np.array(
            [i for i, name in enumerate(names) if self.excluded and re.fullmatch(self.excluded, name)], dtype=np.int64
        )


# Plain dictionaries: they travel to the tasks that fit.
_COMMON: Final[Values] = {
    "objective": "binary", "bagging_freq": 1, "max_bin": 127, "deterministic": True, "force_row_wise": True,
    "verbosity": -1,
}  # fmt: skip
_HOURLY: Final[Values] = {
    **_COMMON, "learning_rate": 0.02, "num_leaves": 31, "min_data_in_leaf": 150, "feature_fraction": 0.3,
    "bagging_fraction": 0.8, "lambda_l2": 10.0,
}  # fmt: skip
_COURSE: Final[Values] = {
    **_COMMON, "learning_rate": 0.03, "num_leaves": 15, "min_data_in_leaf": 60, "feature_fraction": 0.15,
    "bagging_fraction": 0.7, "lambda_l2": 10.0,
}  # fmt: skip
# The training hospitals' ages are 14 to 100 whole years, but only 23 patients of 32,141 are under 18: not a basis.
_ICU: Final = Population(min_age=18, max_age=100, setting="adult intensive care, medical or surgical")
_SEPSIS_MEMBERS: Final[Mapping[str, Trees | Bag]] = MappingProxyType(
    {
        "trees": Trees(rounds=450, parameters=_HOURLY, negative_rate=0.5),
        "random-trees": Trees(
            rounds=450, parameters={**_HOURLY, "extra_trees": True, "learning_rate": 0.05}, negative_rate=0.5
        ),
        "nets": Bag(count=3, epochs=3, negative_rate=0.3),
    }
)
_COURSE_NETS: Final = Bag(
    count=4, second=32, epochs=8, batch=512, rate=1e-3, decay=0.3, drop_inputs=0.3, auxiliary=0.0
)  # fmt: skip


def _sepsis(
    name: str,
    hospitals: tuple[str, ...],
    *,
    excluded: str = "",
    live: bool = False,
    members: Mapping[str, Trees | Bag] = _SEPSIS_MEMBERS,
    before_outcome: float = 1.0,
) -> Recipe:
    return Recipe(
        name=name,
        feature_set="sepsis",
        data=hospitals,
        outcome="sepsis (Sepsis-3) begins within 6 hours or has begun",
        horizon_hours=6,
        population=_ICU,
        input="hourly grid of 8 vital signs and 26 laboratory values since admission to the unit (ray_jobs.risk.grid)",
        licence="CC BY 4.0 (data: PhysioNet/CinC Challenge 2019)",
        members=members,
        before_outcome=before_outcome,
        kind="hourly",
        max_hours=336,
        min_vitals=1,
        excluded=excluded,
        live=live,
    )


# For another hospital: what the units are called, how long patients were in the hospital before and whether end-tidal
# CO2 is charted are habits of a place.
_HABITS: Final = r"unit[12]|hosp_adm_time|.*etco2.*"
# Which share of the features a tree sees: found by looking at the other hospital, as the habits were.
_FROM_A: Final[Mapping[str, Trees | Bag]] = {
    **_SEPSIS_MEMBERS,
    "trees": Trees(rounds=450, parameters={**_HOURLY, "feature_fraction": 0.1}, negative_rate=0.5, count=2),
}
_FROM_B: Final[Mapping[str, Trees | Bag]] = {
    **_SEPSIS_MEMBERS,
    "trees": Trees(rounds=450, parameters={**_HOURLY, "feature_fraction": 0.5}, negative_rate=0.5),
}
RECIPES: Final[Mapping[str, Recipe]] = MappingProxyType(
    {
        "sepsis": _sepsis("sepsis", ("a", "b"), live=True),
        "sepsis-a": _sepsis("sepsis-a", ("a",), excluded=_HABITS, members=_FROM_A),
        "sepsis-b": _sepsis("sepsis-b", ("b",), excluded=_HABITS, members=_FROM_B, before_outcome=0.0),
        "deterioration": Recipe(
            name="deterioration",
            feature_set="course",
            data=("a", "b"),
            outcome="death in this hospital stay",
            horizon_hours=None,
            population=Population(min_age=16, max_age=100, setting="adult intensive care, first 48 hours"),
            input="hourly grid of 45 vital signs, laboratory values and assessments of the first 48 hours in the unit",
            licence="ODC-BY 1.0 (data: PhysioNet/CinC Challenge 2012)",
            members=MappingProxyType(
                {
                    "trees": Trees(rounds=600, parameters=_COURSE),
                    "random-trees": Trees(
                        rounds=700, parameters={**_COURSE, "extra_trees": True, "feature_fraction": 0.3}
                    ),
                    "year-trees": Trees(
                        rounds=700,
                        parameters={**_COURSE, "extra_trees": True, "feature_fraction": 0.3},
                        target="within_year",
                    ),
                    "nets": _COURSE_NETS,
                }
            ),
            kind="once",
            max_hours=48,
            min_vitals=2,
            landmarks=MappingProxyType(
                {2: 0.1, 5: 0.1, 8: 0.1, 11: 0.15, 17: 0.2, 23: 0.3, 29: 0.3, 35: 0.4, 41: 0.5, 47: 1.0}
            ),
        ),
    }
)
