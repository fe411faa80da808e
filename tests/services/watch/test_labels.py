"""Factors in words (services/watch/labels.py)."""

import pytest

from ray_jobs.risk.factors import factors
from ray_jobs.risk.feature_sets import FEATURE_SETS, Person
from services.watch.labels import LABELS, label

KNOWN = Person(69, "female", "cardiac_surgical")


@pytest.mark.parametrize("feature_set", FEATURE_SETS)
def test_every_factor_has_words(feature_set: str) -> None:
    """No underscore reaches a ward, and no two factors share their words."""
    words = [LABELS[name] for name in factors(feature_set).names]
    assert not [w for w in words if "_" in w]
    assert len(set(words)) == len(words)


@pytest.mark.parametrize(
    ("factor", "person", "words"),
    [
        ("heart_rate", KNOWN, "Heart rate"),
        ("spo2", KNOWN, "Oxygen saturation (pulse oximetry)"),
        ("sex", KNOWN, "Sex: female"),
        ("sex", Person(), "Sex"),
        ("unit", KNOWN, "Unit: cardiac surgery intensive care"),
        ("time", KNOWN, "Hour of the stay"),
    ],
)
def test_some_words(factor: str, person: Person, words: str) -> None:
    """As a nurse would read them; a category is named."""
    assert label(factor, person) == words
