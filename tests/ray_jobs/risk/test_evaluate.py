"""From forecasts of patients a model never saw to figures, pictures, card and page."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ray_jobs.registry import Calibration, Card, Conformal, Population
from ray_jobs.risk import metrics
from ray_jobs.risk.card import card_text, plain, write_figures
from ray_jobs.risk.evaluate import measured
from ray_jobs.risk.evaluation.heldout import HeldOut
from ray_jobs.risk.evaluation.hourly import figures_hourly
from ray_jobs.risk.evaluation.musts import WANTED, musts
from ray_jobs.risk.evaluation.once import figures_once
from ray_jobs.risk.evaluation.page import write_page
from ray_jobs.risk.evaluation.samples import BadSampleError, Hourly, Once, groups
from ray_jobs.risk.evaluation.table import table
from ray_jobs.risk.evaluation.valued import Valued
from ray_jobs.risk.utility import best_prediction, hour_utilities, utility

PATIENTS, HOURS = 300, 30


def hourly(seed: int = 0) -> Hourly:
    """300 patients of 30 hours, a fifth ill from hour 13 on, forecasts that tell."""
    rng, n = np.random.default_rng(seed), PATIENTS * HOURS
    stay, hour = np.repeat(np.arange(PATIENTS), HOURS), np.tile(np.arange(1, HOURS + 1), PATIENTS)
    label = (stay % 5 == 0) & (hour > 12)
    probability = 1 / (1 + np.exp(-(rng.normal(-3, 1, n) + 2 * label)))
    return Hourly(
        stay=stay,
        hour=hour,
        probability=probability,
        alarm=probability >= 0.1,
        label=label,
        age=np.repeat(rng.integers(20, 95, PATIENTS).astype(np.float64), HOURS),
        sex=np.repeat(rng.choice(["female", "male"], PATIENTS), HOURS),
        unit=np.repeat(rng.choice(["medical", "surgical", "unknown"], PATIENTS), HOURS),
        hospital=np.where(stay < PATIENTS // 2, "a", "b"),
        fold=np.where(stay % 2 == 0, 0, 1),
    )


def once(seed: int = 0) -> Once:
    """500 stays, of whom a sixth die as forecast; SAPS-I unknown of every tenth."""
    rng = np.random.default_rng(seed)
    probability = 1 / (1 + np.exp(-rng.normal(-2, 1.5, 500)))
    label = rng.random(500) < probability
    return Once(
        probability=probability,
        alarm=probability >= 0.35,
        label=label,
        age=rng.integers(18, 95, 500).astype(np.float64),
        sex=rng.choice(["female", "male"], 500),
        unit=np.where(np.arange(500) < 3, "coronary", "medical"),
        fold=np.full(500, -1),
        saps_i=np.where(np.arange(500) % 10 == 0, -1.0, (20 * probability).round()),
    )


def scores_of(sample: Hourly) -> dict[str, np.ndarray]:
    """A score that tells a little and one that tells nothing."""
    rng = np.random.default_rng(1)
    telling = rng.integers(0, 8, len(sample.label)) + 2.0 * sample.label
    return {"news2": telling, "qsofa": rng.integers(0, 3, len(sample.label)).astype(np.float64)}


def a_card(name: str, feature_set: str) -> Card:
    """A card of a model that was never trained."""
    return Card(
        name=name,
        version="1.0+test",
        task="risk",
        kind="blend",
        outcome="sepsis begins",
        feature_set=feature_set,
        threshold=0.1,
        alert_threshold=0.3,
        conformal=Conformal(level=0.9, yes_from=0.05, no_to=0.3),
        population=Population(min_age=18, max_age=100, setting="intensive care"),
        input="",
        calibration=Calibration(slope=1, intercept=0),
        extra={f"auroc_fold_{k}": 0.8 + k / 100 for k in range(1, 6)},
        files={},
    )


def quiet(what: str, done: int, total: int) -> None:
    """Tell nobody."""


def test_sums_of_patients_give_what_rows_give() -> None:
    """Utility and PPV from each patient's sums are those of all rows at once."""
    sample = hourly()
    found = Valued.of(sample.hours, sample.alarm, 0.3).figures(np.ones(PATIENTS))
    stays = np.split(sample.label.astype(np.int8), PATIENTS)
    loss, gain = (np.concatenate([hour_utilities(label)[i] for label in stays]) for i in (0, 1))
    best = np.concatenate([best_prediction(label) for label in stays])
    assert found["utility"] == pytest.approx(utility(loss, gain, best, sample.alarm))
    live = sample.hours.alarms(0.3)
    assert found["ppv_live"] == pytest.approx(sample.hours.true_alarms(live).sum() / live.sum())
    assert found["alerts_in_12_bed_days_at_budget"] <= 1


def test_hours_from_onset_on_are_no_forecast() -> None:
    """Before onset counts of each ill patient the six labelled hours before it, no later one."""
    sample = hourly()
    kept = Valued.of(sample.hours, sample.alarm, 0.3).before_onset
    assert kept.label.sum() == PATIENTS / 5 * 6
    rows = (sample.stay % 5 != 0) | (sample.hour < 19)
    expected = metrics.discrimination(
        metrics.Ranked.of(sample.probability[rows]), sample.label[rows], np.ones(rows.sum())
    )
    assert kept.areas(np.ones(PATIENTS)) == pytest.approx(expected)


def test_a_patient_drawn_twice_counts_twice() -> None:
    """Weights of 2 for one hospital and 0 for the other give the figures of that hospital."""
    sample = hourly()
    weight = np.where(np.arange(PATIENTS) < PATIENTS // 2, 2.0, 0.0)
    whole = Valued.of(sample.hours, sample.alarm, 0.3).figures(weight)
    rows = sample.hospital == "a"
    half = Hourly(**{name: getattr(sample, name)[rows] for name in sample.__slots__})
    alone = Valued.of(half.hours, half.alarm, 0.3).figures(np.ones(PATIENTS // 2))
    for key in ("auroc", "auprc", "utility", "precision", "ppv_live", "found_live", "alerts_in_12_bed_days_live"):
        assert whole[key] == pytest.approx(alone[key])


def test_figures_of_hours() -> None:
    """Every figure of the issue is there: intervals around values, subgroups, scores, coverage, folds, elsewhere."""
    sample = hourly()
    figures = figures_hourly(
        sample,
        0.3,
        scores_of(sample),
        conformal=Conformal(level=0.9, yes_from=0.05, no_to=0.3),
        elsewhere=True,
        draws=20,
    )
    for key in ("auroc", "utility", "ppv_at_budget", "found_at_budget_later_onset", "f1"):
        assert figures[key]["low"] <= figures[key]["value"] <= figures[key]["high"]
    assert sum(figures["confusion"].values()) == figures["hours"] == PATIENTS * HOURS
    assert set(figures["groups"]) == {"sex", "age", "unit", "hospital"}
    assert sum(one["patients"] for one in figures["groups"]["unit"].values()) == PATIENTS
    assert figures["comparators"]["news2"]["auroc"]["value"] > 0.6
    assert figures["comparators"]["news2"]["threshold"] in {5, 7}
    assert figures["comparators"]["qsofa"]["auroc"]["value"] == pytest.approx(0.5, abs=0.05)
    assert len(figures["folds"]["auroc"]["folds"]) == 2
    assert figures["recalibration"]["patients"] == PATIENTS // 2
    assert figures["lead_time"]["live"]["septic_patients"] == PATIENTS // 5


def test_figures_of_stays() -> None:
    """Event 1 at the alarm is at most the best; SAPS-I counts where known; a unit of three keeps its size only."""
    figures = figures_once(once(), draws=20)
    assert figures["event1"]["value"] <= figures["event1_best"]
    assert figures["comparators"]["saps_i"]["known"] == pytest.approx(0.9)
    assert not figures["comparators"]["saps_i"]["published_threshold"]
    assert figures["groups"]["unit"]["coronary"]["patients"] == 3
    assert "auroc" not in figures["groups"]["unit"]["coronary"]
    assert figures["calibration"]["slope"] == pytest.approx(1, abs=0.3)
    assert "folds" not in figures


def test_ages_fall_in_the_bands_of_the_card() -> None:
    """44 and 45, 64 and 65, 79 and 80 lie on different sides; a child and an unknown age in none."""
    ages = np.array([17, 18, 44, 45, 64, 65, 79, 80, np.nan, 100])
    base = once()
    sample = Once(
        **{name: None if getattr(base, name) is None else getattr(base, name)[:10] for name in base.__slots__}
        | {"age": ages, "label": np.arange(10) < 5}
    )
    found = {name: np.flatnonzero(rows).tolist() for name, rows in groups(sample)["age"].items()}
    assert found == {"18-44": [1, 2], "45-64": [3, 4], "65-79": [5, 6], "80+": [7, 9]}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"probability": np.nan}, "row 7: probability is nan, wanted a number from 0 to 1"),
        ({"probability": 1.5}, "row 7: probability is 1.5"),
        ({"hour": 1}, "hours of a stay are not in rising order"),
        ({"stay": 100}, "the rows of a stay are not together"),
    ],
)
def test_a_bad_row_is_refused_by_name(change: dict[str, float], said: str) -> None:
    """One wrong cell is named; nothing is measured."""
    sample = hourly()
    for name, value in change.items():
        column = getattr(sample, name).copy()
        column[7] = value
        with pytest.raises(BadSampleError, match=said):
            replace(sample, **{name: column})


def test_bad_columns_are_refused() -> None:
    """One class only, a column too short, labels that are no truth values, a score with holes: each says so."""
    sample = hourly()
    for label in (np.zeros(len(sample.label), dtype=bool), np.ones(len(sample.label), dtype=bool)):
        with pytest.raises(BadSampleError, match="all 9000 rows have the same label"):
            replace(sample, label=label)
    with pytest.raises(BadSampleError, match=r"column age has shape \(5,\)"):
        replace(sample, age=sample.age[:5])
    with pytest.raises(BadSampleError, match="must be true or false"):
        replace(sample, label=sample.label.astype(int))
    with pytest.raises(BadSampleError, match="comparator news2 must be a number"):
        figures_hourly(sample, 0.3, {"news2": np.full(len(sample.label), np.nan)}, draws=2)
    with pytest.raises(BadSampleError, match="comparator sofa is known for 0 patients"):
        figures_once(once(), {"sofa": np.full(500, np.nan)}, draws=2)


def parts(name: str) -> list[tuple[str, HeldOut]]:
    """A sample of the kind that a model forecasts."""
    if name == "deterioration":
        return [("within", HeldOut(once(), {}, explanation={"age": 0.5, "bun": 0.2}))]
    sample = hourly()
    shown = HeldOut(sample, scores_of(sample), elsewhere=name == "sepsis-a", explanation={"age": 0.5})
    return [("across_b" if name == "sepsis-a" else "within", shown)]


@pytest.mark.parametrize("name", ["sepsis", "sepsis-a", "deterioration"])
def test_card_page_and_pictures(name: str, tmp_path: Path) -> None:
    """Measured, written and drawn: JSON without NaN, every picture on the page, the musts judged by themselves."""
    pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra: train)")
    card = a_card(name, "course" if name == "deterioration" else "sepsis")
    figures = measured(card, parts(name), progress=quiet, pictures=tmp_path / name)
    (tmp_path / "models" / name).mkdir(parents=True)
    write_figures(figures, card, tmp_path / "models")
    page = write_page(figures, card, tmp_path).read_text()

    read: dict[str, Any] = json.loads((tmp_path / "models" / name / "metrics.json").read_text())
    assert [must["figure"] for must in read["musts"]] == [wanted.title for wanted in WANTED[name]]
    pictures = sorted((tmp_path / name).glob("*.png"))
    assert len(pictures) == (6 if name == "deterioration" else 8)
    for picture in pictures:
        assert f"({name}/{picture.name})" in page
        assert 5_000 < picture.stat().st_size < 150_000
    assert table(figures).row_count > 10
    assert "From fold to fold" in page


def test_a_card_says_what_it_misses() -> None:
    """A figure below its must is named; when all hold, that is said; a bound itself is met."""
    figures = {"model": "deterioration", "version": "1", "bootstrap_draws": 20}
    figures = figures | {"within": figures_once(once(), draws=20)}
    within: Any = figures["within"]
    within["calibration"]["ece"], within["calibration"]["slope"] = 0.02, 0.85
    within["auroc"]["value"], within["event1"]["value"] = 0.885, 0.539
    assert [must.met for must in musts(figures)] == [True, False, True, True]
    assert "**Missed: Event 1 (lesser of sensitivity and PPV) (within).**" in card_text(figures, a_card("d", "course"))
    within["event1"]["value"] = 0.54
    assert "All that was wanted of it is met." in card_text(figures, a_card("d", "course"))


def test_what_is_no_number_is_null() -> None:
    """NaN and infinity become null, numbers keep six digits."""
    assert plain({"a": [float("nan"), float("inf"), 0.123456789], "b": (1, "x", True)}) == {
        "a": [None, None, 0.123457],
        "b": [1, "x", True],
    }
