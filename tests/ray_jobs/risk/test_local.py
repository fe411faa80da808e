"""The answer of a risk model to a message of the wire."""

from __future__ import annotations

import asyncio
import math

import numpy as np
import pytest

from ray_jobs import wire
from ray_jobs.risk.deployment import RiskModels
from ray_jobs.risk.factors import factors
from ray_jobs.risk.feature_sets import FEATURE_SETS
from ray_jobs.risk.local import MismatchError, Scorer
from ray_jobs.risk.names import FEATURES, features_sha

SCORER = Scorer("sepsis")
ROWS = np.linspace(-5, 200, 4 * len(FEATURES)).reshape(4, -1)


def asked(metadata: dict[str, str]) -> wire.Message:
    """The scorer's answer about ROWS, over the wire and back."""
    question = wire.decode(wire.encode({"rows": ROWS}, metadata))
    return wire.decode(wire.encode(*SCORER.infer(question)))


def test_probabilities_come_back_with_the_model_that_gave_them() -> None:
    """A probability for each row, to the bit what the scorer gives, and the model's name and version."""
    answer = asked({"model": "sepsis", "features": features_sha(), "version": SCORER.card.version})
    assert answer.tensors["probability"].tobytes() == SCORER.probability(ROWS).tobytes()
    assert answer.metadata == {"model": "sepsis", "version": SCORER.card.version}
    assert "contributions" not in answer.tensors


FACTORS = len(factors("sepsis").names)


def test_reasons_only_for_rows_above_the_level() -> None:
    """With explain_above, reasons come for exactly the rows whose probability is at least that."""
    probability = SCORER.probability(ROWS)
    level = float(np.sort(probability)[2])
    answer = asked({"explain_above": repr(level)})
    expected = np.flatnonzero(probability >= level)
    assert answer.tensors["explained"].tolist() == expected.tolist()
    assert answer.tensors["contributions"].shape == (len(expected), FACTORS)
    assert answer.tensors["without"].shape == (len(expected), FACTORS)
    assert asked({"explain_above": "2"}).tensors["contributions"].shape == (0, FACTORS)


def test_a_factor_taken_away_gives_the_forecast_that_was_stated() -> None:
    """Without a reading the model says what `without` says, and the contribution is the difference in log-odds."""
    answer = asked({"explain_above": "0"})
    known = factors("sepsis")
    for row, (contributions, without) in enumerate(
        zip(answer.tensors["contributions"], answer.tensors["without"], strict=True)
    ):
        for i in range(FACTORS):
            less = ROWS[row].copy()
            less[known.columns[i]] = known.blank[known.columns[i]]
            stated = SCORER.probability(less[None, :])[0]
            assert without[i] == stated
            odds = SCORER.blend.raw(ROWS[row][None, :])[0] - SCORER.blend.raw(less[None, :])[0]
            assert contributions[i] == odds


def test_what_is_not_known_is_not_taken_away() -> None:
    """Only factors that are there cost a row; the others do exactly nothing, as if they had been scored."""
    known = factors("sepsis")
    row = known.blank.copy()
    for name in ("heart_rate", "age"):
        columns = known.columns[known.names.index(name)]
        row[columns] = np.linspace(40, 90, len(columns))
    changed, rows = known.told(row)
    assert {"heart_rate", "age"} <= {name for name, there in zip(known.names, changed, strict=True) if there}
    assert len(rows) == changed.sum() < FACTORS / 2
    contributions, without = SCORER.explain(row)
    everything = SCORER.blend.raw(known.without(row))
    assert (contributions == SCORER.blend.raw(row[None, :])[0] - everything).all()
    assert (without == SCORER.probability(known.without(row))).all()
    assert (contributions[~changed] == 0).all()


def test_every_feature_belongs_to_a_factor() -> None:
    """No feature of any set is left out of the reasons, and taking all factors away leaves nothing known."""
    for name, features in FEATURE_SETS.items():
        held = factors(name)
        assert sorted({int(c) for columns in held.columns for c in columns}) == list(range(len(features.features)))


def test_each_row_may_have_its_own_level() -> None:
    """With a level for each row, a row is explained when its own is reached; infinite is never, NaN is never."""
    levels = np.array([0.0, np.inf, 0.0, np.nan])
    message = wire.decode(wire.encode({"rows": ROWS, "explain_above": levels}))
    assert SCORER.infer(message).tensors["explained"].tolist() == [0, 2]


@pytest.mark.parametrize("metadata", [{"version": "0.0"}, {"features": "abc"}])
def test_another_version_is_refused(metadata: dict[str, str]) -> None:
    """A caller that holds another version of model or features gets no number."""
    with pytest.raises(MismatchError, match="served is"):
        asked(metadata)


@pytest.mark.parametrize(
    ("tensors", "metadata"),
    [
        ({}, {}),
        ({"rows": np.zeros((1, 3))}, {}),
        ({"rows": np.zeros((1, len(FEATURES)), dtype=np.float32)}, {}),
        ({"rows": np.zeros((1, len(FEATURES)))}, {"explain_above": "high"}),
        ({"rows": np.zeros((1, len(FEATURES))), "explain_above": np.zeros(2)}, {}),
    ],
)
def test_a_wrong_question_is_refused(tensors: wire.Tensors, metadata: dict[str, str]) -> None:
    """Missing rows, a wrong width, a wrong type or a level that is no number are the caller's errors."""
    with pytest.raises(wire.WireError):
        SCORER.infer(wire.Message(tensors, metadata))


def test_all_risk_models_answer_in_one_replica() -> None:
    """The deployment loads every risk model, knows their names, and its canary takes a measurable time."""
    models = RiskModels()
    assert "sepsis" in models
    assert "chest-pneumonia" not in models
    assert 0 < models.canary("sepsis") < math.inf
    body = asyncio.run(models.infer("sepsis", wire.encode({"rows": ROWS})))
    assert wire.decode(body).tensors["probability"].tobytes() == SCORER.probability(ROWS).tobytes()
