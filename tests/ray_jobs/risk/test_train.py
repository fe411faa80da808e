"""Training in stages on tiny made-up data folders: it ends with models that load, and goes on where it stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ray_jobs.registry import load_model
from ray_jobs.risk import reference
from ray_jobs.risk.blend import reaching
from ray_jobs.risk.dataset import HOSPITALS
from ray_jobs.risk.local import Scorer
from ray_jobs.risk.names import FEATURES
from ray_jobs.risk.split import FOLDS, OUTER
from ray_jobs.risk.train import train, train_and_ship
from ray_jobs.risk.training.choosing import balanced_threshold, blend_weights, calibration_knots, conformal
from ray_jobs.risk.training.fitting import SETS, seen
from ray_jobs.risk.training.members import weight
from ray_jobs.risk.training.recipes import RECIPES, Bag, Recipe, Trees
from tests.ray_jobs.risk.conftest import a_table

pytest.importorskip("torch", reason="torch is not installed (extra: train)")


def quiet(what: str, done: int, total: int) -> None:
    """Tell nobody."""


def small(name: str) -> Recipe:
    """The recipe with few rounds and tiny networks."""
    recipe = RECIPES[name]
    members: dict[str, Trees | Bag] = {}
    for member, made in recipe.members.items():
        if isinstance(made, Trees):
            parameters = {**made.parameters, "min_data_in_leaf": 5, "num_leaves": 4}
            members[member] = replace(made, rounds=8, parameters=parameters)
        else:
            members[member] = replace(made, count=1, hidden=8, second=4, epochs=1)
    landmarks = {23: 0.5, 47: 1.0} if recipe.landmarks else {}
    return replace(recipe, members=members, landmarks=landmarks)


@pytest.fixture
def hospitals(tmp_path: Path) -> Path:
    """Two hospitals of 100 patients, a fifth of them septic with a racing heart."""
    folder = tmp_path / "data"
    folder.mkdir()
    for seed, file in enumerate(HOSPITALS.values()):
        table = a_table(patients=100, hours=16, seed=seed)
        table["patient"] = f"{seed}-" + table["patient"]
        septic = np.repeat(np.arange(100) % 5 == 0, 16) & (table["ICULOS"] > 8)
        table["SepsisLabel"] = septic.astype(np.int8)
        table["HR"] = (table["HR"] + 40 * septic).astype(np.float32)
        table.to_parquet(folder / file)
    return folder


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    """Two sets of 80 stays; those who die have a low coma score."""
    folder, rng = tmp_path / "data", np.random.default_rng(0)
    folder.mkdir()
    for n, part in enumerate("ab"):
        rows, died = [], []
        for record in range(1000 * n, 1000 * n + 80):
            dies = record % 4 == 0
            died.append((record, int(dies)))
            rows.append((record, 0, "Age", 60.0))
            for minute in range(5, 2880, 400):
                rows.append((record, minute, "GCS", float(rng.integers(3, 9) if dies else rng.integers(10, 16))))
                rows.append((record, minute, "HR", float(rng.normal(90, 10))))
        pd.DataFrame(rows, columns=["RecordID", "Minute", "Parameter", "Value"]).to_parquet(
            folder / f"set_{part}.parquet"
        )
        pd.DataFrame(died, columns=["RecordID", "In-hospital_death"]).to_csv(
            folder / f"outcomes_{part}.csv", index=False
        )
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sepsis", "deterioration"])
def test_from_the_data_folder_to_the_registry(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Train and ship: the model loads with its reference; a second run fits nothing and gives the same version."""
    data = request.getfixturevalue("hospitals" if name == "sepsis" else "sets")
    models, work = tmp_path / "models", tmp_path / "work"
    first, choices = train_and_ship(small(name), data, work, models, threads=1, progress=quiet)
    assert load_model(name, models).card == first
    assert reference.read(models / name) is not None
    assert len(choices.spread["auroc"]) == FOLDS
    assert [band.from_probability for band in first.bands] == sorted(band.from_probability for band in first.bands)
    assert first.band(first.alerts_at) == "high"
    for held_out in (False, True):
        scorer = Scorer(name, models, held_out=held_out)
        assert 0 <= scorer.probability(np.full((1, scorer.blend.width), np.nan))[0] <= 1

    fits: list[str] = []
    again, _ = train_and_ship(small(name), data, work, models, threads=1, progress=lambda what, *_: fits.append(what))
    assert fits == []
    assert again.version == first.version


@pytest.mark.slow
def test_a_stage_that_was_cut_off_is_done_again(sets: Path, tmp_path: Path) -> None:
    """With one member's file gone, only that fit is repeated, and the choices are the same."""
    recipe, work = small("deterioration"), tmp_path / "work"
    first, _, _ = train(recipe, sets, work, threads=1, progress=quiet)
    (gone,) = work.glob("deterioration/trees-*/trees-fold2")
    gone.unlink()
    fits: set[str] = set()
    again, _, _ = train(recipe, sets, work, threads=1, progress=lambda what, *_: fits.add(what))
    assert fits == {"deterioration: trees, fold2"}
    assert again == first


def test_no_fit_sees_the_patients_it_predicts() -> None:
    """Folds and the measured weights never see the outer fold; a fold's fit never its own; only "all" sees all."""
    fold = np.array([OUTER, *range(FOLDS)], dtype=np.int8)
    for patients in SETS:
        chosen = fold[seen(fold, patients)]
        assert (OUTER in chosen) == (patients == "all")
        if patients.startswith("fold"):
            assert int(patients.removeprefix("fold")) not in chosen
            assert len(chosen) == FOLDS - 1


def test_stacking_finds_the_line_that_made_the_labels() -> None:
    """Of two members, one telling and one noise, the noise gets no weight and the other its slope and intercept."""
    rng = np.random.default_rng(1)
    telling, noise = rng.normal(size=20000), rng.normal(size=20000)
    label = (rng.random(20000) < 1 / (1 + np.exp(-(1.5 * telling - 2)))).astype(np.float64)
    weights, intercept = blend_weights(np.stack([telling, noise], axis=1), label)
    assert weights[0] == pytest.approx(1.5, abs=0.1)
    assert weights[1] == pytest.approx(0, abs=0.05)
    assert intercept == pytest.approx(-2, abs=0.1)


def test_calibration_mends_the_shape_and_keeps_the_order() -> None:
    """Labels drawn from a bent curve of the score: after the knots each tenth holds as many as it says, in order."""
    rng = np.random.default_rng(3)
    score = rng.normal(-2, 1.5, 60_000)
    label = (rng.random(60_000) < 1 / (1 + np.exp(-(score - 0.25 * score**2)))).astype(np.float64)
    knots = reaching(np.array(calibration_knots(score, label)))
    assert (np.diff(knots, axis=0) > 0).all()
    probability = 1 / (1 + np.exp(-np.interp(score, knots[:, 0], knots[:, 1])))
    for part in np.array_split(np.argsort(score), 10)[3:]:
        assert label[part].sum() / probability[part].sum() == pytest.approx(1, abs=0.15)


def test_calibration_of_few_patients_is_a_line() -> None:
    """With a handful of positives there is one stretch, and scores beyond it still rise."""
    knots = calibration_knots(np.array([-1.0, 0.0, 1.0, 2.0]), np.array([0.0, 0.0, 1.0, 1.0]))
    assert len(knots) == 2
    far = reaching(np.array(knots))
    assert (np.diff(np.interp([-50.0, -1.0, 3.0, 50.0], far[:, 0], far[:, 1])) > 0).all()


def test_the_balanced_threshold_is_the_best_there_is() -> None:
    """No other probability gives a greater minimum of sensitivity and PPV."""
    rng = np.random.default_rng(2)
    probability = rng.random(500).round(2)
    label = rng.random(500) < probability

    def event1(threshold: float) -> float:
        alarm = probability >= threshold
        return float(min(label[alarm].mean(), alarm[label].mean()))

    best = event1(balanced_threshold(probability, label))
    assert all(event1(p) <= best + 1e-12 for p in np.unique(probability))


@settings(max_examples=30, deadline=None)
@given(st.integers(20, 400), st.integers(0, 1000))
def test_conformal_sets_hold_each_label_as_often_as_they_say(count: int, seed: int) -> None:
    """On the patients they were made from, at least nine tenths of each label are in the set."""
    rng = np.random.default_rng(seed)
    probability = rng.random(count)
    label = rng.random(count) < probability
    if not 0 < label.sum() < count:
        return
    bounds = conformal(probability, label)
    assert (probability[label] >= bounds.yes_from).mean() >= bounds.level
    assert (probability[~label] <= bounds.no_to).mean() >= bounds.level


def test_what_a_place_does_by_habit_is_kept_from_models_for_elsewhere() -> None:
    """Models of one hospital see neither unit, hours in hospital before, nor end-tidal CO2; the model of both does."""
    hidden = {FEATURES[i] for i in RECIPES["sepsis-a"].excluded_columns}
    assert {"unit1", "unit2", "hosp_adm_time", "last_etco2", "count_etco2"} <= hidden
    assert not {"last_heart_rate", "age"} & hidden
    assert len(RECIPES["sepsis"].excluded_columns) == 0


def test_hours_before_the_outcome_count_what_the_recipe_says_and_nothing_else_changes() -> None:
    """Of a septic stay only hours before the label are weighed anew; drawn hours of others stand for those left out."""
    rows = pd.DataFrame({"ever": [True, True, False], "label": [0, 1, 0], "weight": [1.0, 1.0, 1.0]})
    assert weight(rows, 0.5).tolist() == [1.0, 1.0, 2.0]
    assert weight(rows, 0.5, before_outcome=0.25).tolist() == [0.25, 1.0, 2.0]
    assert RECIPES["sepsis-b"].before_outcome == 0.0
    assert {RECIPES[name].before_outcome for name in RECIPES if name != "sepsis-b"} == {1.0}
