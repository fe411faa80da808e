"""What an explanation names, in the words of a ward: readings by their display name, and what a person is known by."""

from typing import Final

from ray_jobs.risk.factors import factors
from ray_jobs.risk.feature_sets import FEATURE_SETS, Person
from schemas.codes import MEASUREMENTS

_WORDS: Final = {
    "age": "Age",
    "sex": "Sex",
    "unit": "Unit",
    "time": "Hour of the stay",
    "measuring": "How much is measured",
}
_UNITS: Final = {
    "medical": "medical intensive care",
    "surgical": "surgical intensive care",
    "coronary": "coronary care",
    "cardiac_surgical": "cardiac surgery intensive care",
}
LABELS: Final[dict[str, str]] = {
    name: _WORDS[name] if name in _WORDS else MEASUREMENTS[name].display
    for feature_set in FEATURE_SETS
    for name in factors(feature_set).names
}
"""Words by factor, for every feature set."""


def label(factor: str, person: Person) -> str:
    """A factor's words; with the category where it is one: 'Sex: female'."""
    said = {"sex": person.sex, "unit": _UNITS[person.unit] if person.unit else None}.get(factor)
    return LABELS[factor] if said is None else f"{LABELS[factor]}: {said}"
