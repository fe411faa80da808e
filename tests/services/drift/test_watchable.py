"""Which models can be measured, and what counts as their outcome."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ray_jobs.registry import Card, Population, write_card
from ray_jobs.risk import reference
from schemas.codes import SNOMED
from schemas.events import ConditionRecorded
from services.drift.watchable import is_sepsis, probability_bin, watchables
from tests.services.drift.given import made_with, watchable


def model(folder: Path, name: str, *, with_reference: bool) -> Path:
    """A model's folder."""
    path = folder / name
    path.mkdir()
    (path / "weights").write_text("w")
    if with_reference:
        reference.write(path, made_with())
    card = Card(
        name=name, version="3", task="t", kind="trees", threshold=0.5, horizon_hours=6, input="i",
        population=Population(min_age=18, max_age=100), files={},
    )  # fmt: skip
    write_card(path, card, ("weights", *([reference.NAME] if with_reference else [])))
    return path


def test_only_models_with_their_own_reference_are_measured(tmp_path: Path) -> None:
    """One without a reference, one whose file was changed and one whose file is gone are left out."""
    model(tmp_path, "sepsis", with_reference=True)
    model(tmp_path, "chest", with_reference=False)
    changed = model(tmp_path, "changed", with_reference=True)
    (changed / reference.NAME).write_text((changed / reference.NAME).read_text() + " ")
    (model(tmp_path, "broken", with_reference=True) / reference.NAME).write_text("{}")
    (model(tmp_path, "gone", with_reference=True) / reference.NAME).unlink()
    found = watchables(tmp_path)
    assert set(found) == {"sepsis"}
    assert (found["sepsis"].version, found["sepsis"].outcome) == ("3", "sepsis")
    assert found["sepsis"].reference == made_with()


def test_the_shipped_models_can_be_asked() -> None:
    """Every shipped reference can be read."""
    assert all(known.reference.readings for known in watchables().values())


def test_impossible_values_have_a_bin_of_their_own() -> None:
    """Beyond the grid's range is the last bin; on a bound is inside."""
    known = watchable()["sepsis"]
    bins = len(known.readings["temperature"].shares)
    assert known.bin("temperature", 98.6) == bins
    assert known.bin("temperature", 19.9) == bins
    assert known.bin("temperature", 20) == 0
    assert known.bin("temperature", 45) == bins - 1


def test_probabilities_of_nought_and_one_have_bins() -> None:
    """The outermost bins hold them."""
    size = len(made_with().forecasts.shares)
    assert (probability_bin(0.0), probability_bin(1.0)) == (0, size - 1)


@pytest.mark.parametrize(
    ("system", "code", "active", "expected"),
    [
        (SNOMED, "91302008", True, True),
        (SNOMED, "91302008", False, False),
        (SNOMED, "38341003", True, False),
        ("http://hl7.org/fhir/sid/icd-10-cm", "A41.9", True, True),
        ("http://hl7.org/fhir/sid/icd-10", "A40.0", True, True),
        ("http://hl7.org/fhir/sid/icd-10-cm", "R65.21", True, True),
        ("http://hl7.org/fhir/sid/icd-10-cm", "R65.1", True, False),
        ("http://loinc.org", "A41.9", True, False),
    ],
)
def test_sepsis_is_told_by_its_codes(system: str, code: str, active: bool, expected: bool) -> None:
    """Active diagnoses of sepsis in SNOMED CT and ICD-10."""
    now = datetime(2026, 3, 1, tzinfo=UTC)
    event = ConditionRecorded(
        id="c", site="main", known=now, patient="patient-0001", condition="c", system=system, code=code, active=active
    )
    assert is_sepsis(event) == expected
