"""Features in words (services/watch/labels.py)."""

import pytest

from ray_jobs.risk.features import FEATURES
from services.watch.labels import LABELS


def test_every_feature_has_words() -> None:
    """No underscore reaches a ward, and no two features share their words."""
    assert set(LABELS) == set(FEATURES)
    assert not [w for w in LABELS.values() if "_" in w]
    assert len(set(LABELS.values())) == len(LABELS)


@pytest.mark.parametrize(
    ("feature", "words"),
    [
        ("last_heart_rate", "Heart rate"),
        ("slope_heart_rate_6h", "Heart rate, trend per hour over 6 h"),
        ("min_spo2_24h", "Oxygen saturation (pulse oximetry), lowest in 24 h"),
    ],
)
def test_some_words(feature: str, words: str) -> None:
    """As a nurse would read them."""
    assert LABELS[feature] == words
