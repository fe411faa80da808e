"""Forecasts of patients a model never saw, by the code that scores live, with bedside scores of the same rows.

Within: the outer fold, by the members trained without it. Across: all patients of a hospital the model never saw, by
the members that serve. Bedside scores: `ray_jobs.risk.scores`, SAPS-I and SOFA of the 2012 challenge's outcome files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from ray_jobs.risk.courses import HOURS, Course, courses, read_courses
from ray_jobs.risk.dataset import HOSPITALS
from ray_jobs.risk.evaluation.samples import Hourly, Once, Sample
from ray_jobs.risk.factors import factors
from ray_jobs.risk.features import features_all
from ray_jobs.risk.grid import EXTRA_INDEX
from ray_jobs.risk.local import Scorer
from ray_jobs.risk.metrics import Floats
from ray_jobs.risk.score import score
from ray_jobs.risk.scores import carried, news2_partial, scores_of
from ray_jobs.risk.split import OUTER, SEED, fold_of
from ray_jobs.risk.stays import LABEL, BadTableError, read_table, stays
from ray_jobs.risk.training.recipes import Recipe
from ray_jobs.risk.training.tables import DEATH, outcomes

Progress = Callable[[str, int, int], None]
# Rows whose every factor is taken away in turn, for the picture of what the model looks at.
EXPLAINED_ROWS: Final = 300


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A part: forecasts, bedside scores [n] by name, mean effect of each factor; elsewhere: of another hospital."""

    sample: Sample
    comparators: Mapping[str, Floats]
    elsewhere: bool = False
    explanation: Mapping[str, float] = field(default_factory=dict)


def held_out(
    recipe: Recipe, data: Path, threads: int, progress: Progress, models: Path | None = None
) -> Iterator[tuple[str, HeldOut]]:
    """The parts "within", where there are two hospitals "within_a", "within_b", and "across_HOSPITAL".

    Raises RegistryError, BadTableError, OSError.
    """
    served = Scorer(recipe.name, models)
    # A model without members of its own for measuring was trained without the outer fold.
    measured = Scorer(recipe.name, models, held_out=True) if served.card.members else served
    if recipe.kind == "once":
        yield "within", _once(recipe, measured, data, threads, progress)
        return
    outer = {hospital: _outer(read_table(data / HOSPITALS[hospital])) for hospital in recipe.data}
    yield "within", _hourly(measured, outer, "within", threads, progress)
    if len(outer) > 1:
        for hospital, table in outer.items():
            yield f"within_{hospital}", _hourly(measured, {hospital: table}, f"within_{hospital}", threads, progress)
    for hospital in sorted(set(HOSPITALS) - set(recipe.data)):
        tables, key = {hospital: read_table(data / HOSPITALS[hospital])}, f"across_{hospital}"
        yield key, _hourly(served, tables, key, threads, progress)


def mean_effects(scorer: Scorer, rows: Floats) -> dict[str, float]:
    """Mean size of the change in log-odds when a factor is taken away from rows [n, f], by factor."""
    if not len(rows):
        return {}
    effects = np.mean([np.abs(scorer.explain(row)[0]) for row in rows], axis=0)
    return dict(zip(factors(scorer.card.feature_set).names, effects.tolist(), strict=True))


def _outer(table: pd.DataFrame) -> pd.DataFrame:
    if LABEL not in table:
        raise BadTableError(f"column {LABEL} is missing: without it nothing can be measured")
    chosen = {patient: fold_of(str(patient)) == OUTER for patient in table["patient"].unique()}
    return table[table["patient"].map(chosen)].reset_index(drop=True)


def _hourly(scorer: Scorer, tables: Mapping[str, pd.DataFrame], key: str, threads: int, progress: Progress) -> HeldOut:
    table = pd.concat(tables.values(), ignore_index=True)
    hospital = np.repeat(list(tables), [len(one) for one in tables.values()])
    # Figures take the rows of a stay together and in order, whatever the order of the file.
    order = np.lexsort((table["ICULOS"].to_numpy(), pd.factorize(table["patient"])[0]))
    table, hospital = table.iloc[order].reset_index(drop=True), hospital[order]
    scored = score(
        scorer, table, threads=threads, progress=lambda done, total: progress(f"{key}: scoring", done, total)
    )
    medical, surgical = (table["Unit1"] == 1).to_numpy(), (table["Unit2"] == 1).to_numpy()
    sex = table["Gender"].to_numpy()
    sample = Hourly(
        stay=pd.factorize(table["patient"])[0].astype(np.int64),
        hour=table["ICULOS"].to_numpy(np.int64),
        probability=scored["probability"].to_numpy(np.float64),
        alarm=scored["alarm"].to_numpy(np.bool_),
        label=table[LABEL].to_numpy() == 1,
        age=np.floor(table["Age"].to_numpy(np.float64)),
        sex=np.where(sex == 1, "male", np.where(sex == 0, "female", "unknown")),
        unit=np.where(medical, "medical", np.where(surgical, "surgical", "unknown")),
        hospital=hospital,
        fold=np.full(len(table), OUTER),
    )
    drawn = np.random.default_rng(SEED).choice(len(table), min(EXPLAINED_ROWS, len(table)), replace=False)
    effects = {} if key.startswith("within_") else mean_effects(scorer, _rows(table, drawn))
    return HeldOut(sample, scores_of(table), elsewhere=key.startswith("across"), explanation=effects)


def _rows(table: pd.DataFrame, chosen: np.ndarray) -> Floats:
    """Feature rows of the chosen rows of a table."""
    patients = set(table["patient"].iloc[chosen])
    part = table[table["patient"].isin(patients)]
    wanted = np.isin(part.index.to_numpy(), chosen)
    found = [features_all(stay.grid, stay.static)[stay.rows][wanted[stay.source]] for stay in stays(part)]
    return np.concatenate(found)


def _once(recipe: Recipe, scorer: Scorer, data: Path, threads: int, progress: Progress) -> HeldOut:
    chosen: list[Course] = []
    told: list[Mapping[str, float]] = []
    for part in recipe.data:
        known = outcomes(data / f"outcomes_{part}.csv").to_dict("index")
        for course in courses(read_courses(data / f"set_{part}.parquet")):
            if fold_of(str(course.record)) == OUTER:
                chosen.append(course)
                told.append({str(name): value for name, value in known[course.record].items()})
        progress(f"within: set {part}", 1, 1)
    if not chosen:
        raise BadTableError(f"{data.name}: no patient of the outer fold is in it")
    last = HOURS - 1
    rows = np.stack([scorer.features.row(course.grid, course.extra, course.person, last) for course in chosen])
    probability = scorer.probability(rows, threads=threads)
    people = [course.person for course in chosen]
    sample = Once(
        probability=probability,
        alarm=probability >= scorer.card.threshold,
        label=np.array([row[DEATH] == 1 for row in told]),
        age=np.array([np.nan if person.age_years is None else float(person.age_years) for person in people]),
        sex=np.array([person.sex or "unknown" for person in people]),
        unit=np.array([(person.unit or "unknown").replace("_", " ") for person in people]),
        fold=np.full(len(people), OUTER),
        saps_i=np.array([float(row.get("SAPS-I", -1)) for row in told]),
        sofa=np.array([float(row.get("SOFA", -1)) for row in told]),
    )
    grid = np.stack([carried(course.grid)[last] for course in chosen])
    coma = np.array([carried(course.extra)[last, EXTRA_INDEX["glasgow_coma_score"]] for course in chosen])
    drawn = np.random.default_rng(SEED).choice(len(rows), min(EXPLAINED_ROWS, len(rows)), replace=False)
    return HeldOut(sample, {"news2": news2_partial(grid, coma)}, explanation=mean_effects(scorer, rows[drawn]))
