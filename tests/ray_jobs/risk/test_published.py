"""Published scores in the registry: what is shipped is what the code writes; points as their authors count them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from ray_jobs.registry import MODELS, load_card, load_model
from ray_jobs.risk.published import PUBLISHED, score_published, ship_published
from ray_jobs.risk.stays import BadTableError
from tests.ray_jobs.risk.conftest import a_table


def test_the_shipped_entries_are_those_the_code_writes(tmp_path: Path) -> None:
    """News2, qsofa and sirs are in the registry, word for word."""
    for card in ship_published(tmp_path):
        assert load_card(card.name) == card
        assert (MODELS / card.name / "card.md").read_text() == (tmp_path / card.name / "card.md").read_text()


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_score_is_counted_for_each_hour(name: str, table: pd.DataFrame) -> None:
    """A row for each row, whole points, an alarm from the lowest published level on."""
    scored = score_published(name, table)
    assert scored[["patient", "ICULOS"]].equals(table[["patient", "ICULOS"]])
    assert scored["points"].between(0, 20).all()
    assert (scored["alarm"] == (scored["points"] >= load_model(name).card.extra["alarm_from_points"])).all()


def test_a_hand_made_hour() -> None:
    """Breathing 24, pressure 95, pulse 120, 38.5 degrees: NEWS2 2 + 2 + 2 + 1, two items of qSOFA, three of SIRS."""
    row = a_table(patients=1, hours=1).assign(HR=120.0, Resp=24.0, SBP=95.0, Temp=38.5)
    assert [score_published(name, row)["points"].item() for name in ("news2", "qsofa", "sirs")] == [7, 2, 3]


def test_a_bad_table_is_refused(table: pd.DataFrame) -> None:
    """A missing column is named, as for the models."""
    with pytest.raises(BadTableError, match="missing: HR"):
        score_published("news2", table.drop(columns=["HR"]))
