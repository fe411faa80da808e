"""What set-up compiles is what services and searches ask for: no signature is left to be compiled later."""

from typing import Any

import numpy as np

from ray_jobs import compile_ahead
from ray_jobs.risk import course_features, features
from ray_jobs.risk.feature_sets import FEATURE_SETS, Person
from ray_jobs.risk.grid import EXTRA_WIDTH, WIDTH
from ray_jobs.scheduling.solver import anneal
from ray_jobs.scheduling.solver.solve import solve

COMPILED: tuple[Any, ...] = (
    features._row,
    features._all,
    course_features._rows,
    anneal.run,
    anneal.recall,
    anneal.furnish,
)


def signatures() -> list[int]:
    """How many ways each function was compiled for."""
    return [len(function.signatures) for function in COMPILED]


def test_nothing_is_left_to_compile() -> None:
    """A row of a known patient and a whole search call every function as it was compiled ahead."""
    compile_ahead.compile_features()
    compile_ahead.compile_search()
    ahead = signatures()
    assert all(ahead)
    someone = Person(age_years=70.0, sex="female", unit="medical", hospital_admission_hours=-3.0)
    for found in FEATURE_SETS.values():
        found.row(np.ones((30, WIDTH)), np.ones((30, EXTRA_WIDTH)), someone, 29)
    assert solve(compile_ahead.smallest(), seconds=5, iterations=100, threads=1).feasible
    assert signatures() == ahead
