"""Published bedside scores as entries of the registry: for comparison, and what goes on when a model cannot answer.

They have no weights: `ray_jobs.risk.scores` computes them from the grid, `ray_jobs.risk.news2` live with consciousness.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from ray_jobs.registry import Card, Population, write_card
from ray_jobs.risk.scores import PUBLISHED, TITLES, scores_of
from ray_jobs.risk.stays import check_table

ADULTS: Final = Population(min_age=16, max_age=120, setting="any ward; not in pregnancy")
OUTCOMES: Final = {
    "news2": "acute illness and its response, 0 to 20 points (RCP 2017)",
    "qsofa": "sepsis likely to go badly, 0 to 3 items (Singer et al., JAMA 2016;315:801)",
    "sirs": "systemic inflammatory response, 0 to 4 criteria (Bone et al., Chest 1992;101:1644)",
}
TEXT: Final = """\
# {title}

{outcome}. Computed as published from the last known vital signs and laboratory values, with no training.

**For** patients from 16 years, as its authors say. **Alarm** from {points} points on. Live, NEWS2 is computed with
consciousness at every event (`ray_jobs/risk/news2.py`) and goes on when no model answers; offline, on hourly tables,
there is no consciousness, and an item never measured adds no points.

How it does on the same hours as the models stands on their pages: docs/models/sepsis.md, docs/models/deterioration.md.
"""


def ship_published(models: Path) -> list[Card]:
    """Write models/NAME/model.json and card.md of each score."""
    cards = []
    for name, levels in PUBLISHED.items():
        folder = models / name
        folder.mkdir(parents=True, exist_ok=True)
        card = Card(
            name=name,
            version="1.0",
            task="score",
            kind="published",
            live=False,
            outcome=OUTCOMES[name],
            threshold=1.0,
            population=ADULTS,
            input="the last known values of the hourly grid (ray_jobs.risk.grid)",
            extra={"alarm_from_points": float(levels[0])},
            files={},
        )
        (folder / "card.md").write_text(
            TEXT.format(title=TITLES[name], outcome=card.outcome[0].upper() + card.outcome[1:], points=levels[0]),
            encoding="utf-8",
        )
        cards.append(write_card(folder, card, ()))
    return cards


def score_published(
    name: str, table: pd.DataFrame, *, progress: Callable[[int, int], None] | None = None
) -> pd.DataFrame:
    """Points and alarm (at the lowest published level) of each hour of a table like `sepsis2019`.

    Returns columns patient, ICULOS, points, alarm in the table's order. Raises KeyError, BadTableError.
    """
    level = PUBLISHED[name][0]
    check_table(table, "the table")
    points = scores_of(table)[name]
    if progress:
        progress(len(table), len(table))
    return pd.DataFrame(
        {
            "patient": table["patient"].to_numpy(),
            "ICULOS": table["ICULOS"].to_numpy(),
            "points": points.astype(np.int8),
            "alarm": points >= level,
        }
    )
