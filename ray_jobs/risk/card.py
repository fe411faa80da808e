"""The short card beside the weights, `card.md`, and every figure for machines, `metrics.json`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ray_jobs import registry
from ray_jobs.risk.evaluation.about import ABOUT, hospitals, made_of
from ray_jobs.risk.evaluation.musts import musts
from ray_jobs.risk.evaluation.table import head, markdown, must_rows, parts_of, rows

MUST_HEAD: Final = ("Figure", "must", "aim", "measured", "met")
DIGITS: Final = 6


def write_figures(figures: dict[str, Any], card: registry.Card, models: Path) -> None:
    """Write metrics.json and card.md beside the weights; figures as returned by `evaluate`."""
    folder = models / card.name
    (folder / "metrics.json").write_text(json.dumps(plain(figures), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    (folder / "card.md").write_text(card_text(figures, card), encoding="utf-8")


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """The same with numbers of six digits, and null for what could not be computed."""
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value


def card_text(figures: Mapping[str, Any], card: registry.Card) -> str:
    """The card in Markdown; says by itself what was wanted and what is missed."""
    about, parts, wanted = ABOUT[card.feature_set], parts_of(figures), musts(figures)
    return TEXT.format(
        card=card,
        forecast=about.forecast.format(outcome=card.outcome),
        features=len(card.features),
        made_of=made_of(card),
        not_for=about.not_for,
        musts=must_text(figures) if wanted else "",
        table=markdown(head(parts), rows(parts)),
        draws=figures["bootstrap_draws"],
        label=about.label,
        data=about.data.format(hospitals=hospitals(card)),
        limits="\n".join(f"- {limit}" for limit in about.limits),
    )


def must_text(figures: Mapping[str, Any]) -> str:
    """What was wanted, as a table, after a sentence that names what is missed."""
    wanted = musts(figures)
    missed = [f"{must.wanted.title} ({must.wanted.part.replace('_', ' ')})" for must in wanted if not must.met]
    said = f"**Missed: {'; '.join(missed)}.**" if missed else "All that was wanted of it is met."
    return f"{said}\n\n{markdown(MUST_HEAD, must_rows(wanted))}\n"


TEXT: Final = """\
# {card.name} {card.version}

{forecast}
Made of {made_of}, on {features} features; weighted and calibrated on held-out folds.

**For** patients of {card.population.min_age:g} to {card.population.max_age:g} years: {card.population.setting}.
**Not for** {not_for}

Pictures, subgroups, bedside scores and everything else measured: `docs/models/{card.name}.md`.

## Measured on patients it never saw

{musts}
{table}

Intervals: {draws} bootstrap draws of patients, 2.5 to 97.5 %. {label}
`wardwatch risk evaluate --model {card.name}` prints and writes these figures again.

## How it was made

Data: {data}
Every choice was made on five inner folds; the column within is a fifth of the patients that took part in none, measured
with weights that never saw them. `wardwatch risk train --model {card.name}` repeats it.

## Limits

{limits}
"""
