"""What people must know about each kind of model beside its figures: whom it is not for, the data, the limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ray_jobs.registry import Card


@dataclass(frozen=True, slots=True)
class About:
    """Text of a feature set's models; `data` may name {hospitals}."""

    forecast: str
    not_for: str
    data: str
    label: str
    comparators: str
    limits: tuple[str, ...]


_UNPROVEN: Final = "It has been measured on past records only, never at a bedside; a new site starts it silent."
ABOUT: Final[Mapping[str, About]] = MappingProxyType(
    {
        "sepsis": About(
            forecast="Hourly probability that {outcome}, from the stay so far.",
            not_for=f"wards outside intensive care, children, or as the only reason to treat or not to. {_UNPROVEN}",
            data="PhysioNet/CinC Challenge 2019, {hospitals} (CC BY 4.0; Reyna et al., Crit Care Med 2020;48:210).",
            label="The label is the challenge's: 1 from six hours before onset to the end of the record.",
            comparators=(
                "Scores use the last value known of each item, however old, on the same hours; an item never measured "
                "adds no points. The data has no consciousness: NEWS2 is without it, and of qSOFA's three items two "
                "remain, so that its threshold of two means both. Oxygen counts where FiO2 above 0.21 is known. Each "
                "score alarms at that of its published thresholds which serves it best here (NEWS2: 5 or 7)."
            ),
            limits=(
                "The data has no consciousness, urine output, drugs or cultures.",
                "The label follows clinicians' suspicion of infection: the model has partly learnt when they measure.",
                "Both hospitals are American. Elsewhere expect less, as `sepsis-a` and `sepsis-b` show; recalibrate.",
                "Ages 14 to 17 (23 patients) were in the data and are outside the population.",
                "Values outside the ranges of `ray_jobs/risk/grid.py` count as not measured.",
            ),
        ),
        "course": About(
            forecast="Probability of {outcome}, from whatever of the first 48 hours in intensive care is known.",
            not_for=f"wards outside intensive care, children, or decisions to limit treatment. {_UNPROVEN}",
            data="PhysioNet/CinC Challenge 2012, sets {hospitals} (ODC-BY 1.0; Silva et al., Comput Cardiol 39:245).",
            label="Figures are of the forecast at 48 hours. Event 1 is the challenge's: min(sensitivity, PPV).",
            comparators=(
                "SAPS-I and SOFA are the columns of the challenge's outcome files, where known; they have no published "
                "alarm level, so each alarms at its best for event 1 here. NEWS2 is of the last values known at 48 "
                "hours; a Glasgow coma score below 15 counts as not alert."
            ),
            limits=(
                "One hospital group, 2001 to 2008: care and mortality have changed since.",
                "Stays shorter than 48 hours were not in the data; earlier forecasts were learnt from longer stays.",
                "Limits of treatment are not known to the model: it forecasts what happened under the care given.",
                "Values outside the ranges of `ray_jobs/risk/grid.py` count as not measured.",
            ),
        ),
    }
)


def hospitals(card: Card) -> str:
    """The hospitals or sets a model was trained on, in words."""
    name = card.name.rpartition("-")[2]
    if card.feature_set == "course":
        return "a and b"
    return f"hospital {name.upper()}" if name in {"a", "b"} else "hospital A and hospital B"


def made_of(card: Card) -> str:
    """The members of a model in words."""
    parts = [f"{member.file} ({member.kind}, weight {member.weight:.2f})" for member in card.members]
    return "; ".join(parts) if parts else "boosted trees (LightGBM)"
