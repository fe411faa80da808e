"""The registry: only released files are loaded, and a population is read by machines."""

from __future__ import annotations

from pathlib import Path

import pytest

from ray_jobs import registry
from ray_jobs.registry import (
    Calibration,
    Card,
    Population,
    RegistryError,
    list_models,
    load_card,
    load_model,
    outside,
    write_card,
)


def a_card(name: str = "thing", low: float = 18, high: float = 100) -> Card:
    """A small card without files."""
    population = Population(min_age=low, max_age=high)
    return Card(
        name=name, version="1", task="t", kind="trees", threshold=0.5, population=population, input="rows", files={}
    )


def shipped(models: Path, name: str = "thing") -> Card:
    """A model in a folder of models."""
    (models / name).mkdir(parents=True)
    (models / name / "weights.txt").write_text("one")
    return write_card(models / name, a_card(name), ("weights.txt",))


def test_a_written_card_is_read_back(tmp_path: Path) -> None:
    """What was written is what is loaded, with the hash of each file."""
    card = shipped(tmp_path)
    assert load_card("thing", tmp_path) == card
    model = load_model("thing", tmp_path)
    assert model.file("weights.txt").read_text() == "one"
    assert card.files == {"weights.txt": registry.sha256(tmp_path / "thing" / "weights.txt")}


def test_a_changed_file_is_named(tmp_path: Path) -> None:
    """Weights that are not those of the release are refused, by model and file."""
    shipped(tmp_path)
    (tmp_path / "thing" / "weights.txt").write_text("two")
    with pytest.raises(RegistryError, match=r"model thing: file weights.txt is not the one that was released"):
        load_model("thing", tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """Weights that are not there are refused, by model and file; so is a file the card does not name."""
    shipped(tmp_path)
    with pytest.raises(RegistryError, match="names no file other"):
        load_model("thing", tmp_path).file("other")
    (tmp_path / "thing" / "weights.txt").unlink()
    with pytest.raises(RegistryError, match=r"file weights.txt is missing"):
        load_model("thing", tmp_path)


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    """An unknown name, a card that cannot be read, and a card of another name each say so."""
    with pytest.raises(RegistryError, match=r"model nothing: there is no model.json"):
        load_card("nothing", tmp_path)
    shipped(tmp_path)
    (tmp_path / "thing").rename(tmp_path / "other")
    with pytest.raises(RegistryError, match="is that of thing"):
        load_card("other", tmp_path)
    (tmp_path / "other" / "model.json").write_text("{}")
    with pytest.raises(RegistryError, match="cannot be read"):
        list_models(tmp_path)


def test_models_are_listed_by_name(tmp_path: Path) -> None:
    """All folders with a card, in order; an empty registry has none."""
    assert list_models(tmp_path) == ()
    shipped(tmp_path, "b")
    shipped(tmp_path, "a")
    assert [card.name for card in list_models(tmp_path)] == ["a", "b"]


def test_every_shipped_model_is_intact() -> None:
    """Each model of this repository loads with the files its card names, and has a card for people and its figures."""
    cards = list_models()
    assert "sepsis" in [card.name for card in cards]
    for card in cards:
        model = load_model(card.name)
        assert (model.folder / "card.md").exists()
        assert (model.folder / "metrics.json").exists() or card.kind == "published"


def test_a_calibration_that_falls_is_no_calibration() -> None:
    """Knots must rise in score and log-odds: a map that fell would turn the order of patients around."""
    assert Calibration(slope=1, intercept=0, knots=((0, 0), (1, 1))).knots
    for knots in (((0.0, 0.0),), ((0.0, 1.0), (1.0, 0.0)), ((1.0, 0.0), (0.0, 1.0))):
        with pytest.raises(ValueError, match="rising"):
            Calibration(slope=1, intercept=0, knots=knots)


@pytest.mark.parametrize(
    ("low", "high", "age", "reason"),
    [
        (18, 100, 18, None),
        (18, 100, 100, None),
        (18, 100, 17.9, "cannot assess: child, thing is for 18 to 100 years"),
        (18, 100, 101, "cannot assess: too old, thing is for 18 to 100 years"),
        (0, 5, 40, "cannot assess: adult, thing is for 0 to 5 years"),
        (1, 5, 0, "cannot assess: too young, thing is for 1 to 5 years"),
        (18, 100, None, "cannot assess: age unknown, thing is for 18 to 100 years"),
    ],
)
def test_outside_the_population(low: float, high: float, age: float | None, reason: str | None) -> None:
    """Outside the population, or with no age known, there is a reason; at both ends there is none."""
    assert outside(a_card(low=low, high=high), age) == reason


def test_alerts_have_their_own_threshold_where_a_card_gives_one() -> None:
    """Without an alert threshold people are alerted at the model's threshold."""
    assert a_card().alerts_at == 0.5
    assert a_card().model_copy(update={"alert_threshold": 0.8}).alerts_at == 0.8
