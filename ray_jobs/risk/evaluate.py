"""Every figure of a model and the page that shows them, from patients it never saw (`evaluation.heldout`: which)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from ray_jobs import registry
from ray_jobs.risk.evaluation.bootstrap import DRAWS
from ray_jobs.risk.evaluation.folds import spread
from ray_jobs.risk.evaluation.heldout import HeldOut, Progress, held_out
from ray_jobs.risk.evaluation.hourly import figures_hourly
from ray_jobs.risk.evaluation.musts import musts
from ray_jobs.risk.evaluation.once import figures_once
from ray_jobs.risk.evaluation.page import write_page
from ray_jobs.risk.evaluation.samples import Hourly
from ray_jobs.risk.training.recipes import RECIPES

CHECKOUT: Final = Path(__file__).parents[2]
_FOLD: Final = re.compile(r"(?P<figure>\w+)_fold_\d+")


def evaluate(
    name: str,
    data: Path,
    *,
    threads: int,
    progress: Progress,
    models: Path | None = None,
    pages: Path | None = None,
) -> dict[str, Any]:
    """Figures of model `name` (a key of RECIPES) on its data folder; pages/NAME.md with pictures where a folder is
    given or, for the models of a checkout, in its docs/models.

    Raises RegistryError, BadTableError, BadSampleError, OSError.
    """
    card = registry.load_card(name, models)
    if pages is None and (models is None or models == registry.MODELS):
        pages = _own_pages()
    parts = held_out(RECIPES[name], data, threads, progress, models)
    figures = measured(card, parts, progress=progress, pictures=pages and pages / name)
    if pages:
        write_page(figures, card, pages)
    return figures


def _own_pages() -> Path | None:
    """The pages of a checkout, where pictures can be drawn (matplotlib is of the extra "train")."""
    can = (CHECKOUT / "docs").is_dir() and find_spec("matplotlib") is not None
    return CHECKOUT / "docs" / "models" if can else None


def measured(
    card: registry.Card, parts: Iterable[tuple[str, HeldOut]], *, progress: Progress, pictures: Path | None = None
) -> dict[str, Any]:
    """Figures by part under the card's thresholds, what was wanted of them, and pictures of all but within_*.

    Raises BadSampleError.
    """
    figures: dict[str, Any] = {"model": card.name, "version": card.version, "bootstrap_draws": DRAWS}
    for key, part in parts:
        found = _figures(card, key, part, progress)
        if part.explanation:
            found["explanation"] = dict(sorted(part.explanation.items(), key=lambda effect: -effect[1]))
        if key == "within" and (folds := _folds(card.extra)):
            found.setdefault("folds", folds)
        if pictures and not key.startswith("within_"):
            from ray_jobs.risk.evaluation.pictures import draw

            draw(part.sample, part.comparators, found, pictures, key)
        figures[key] = found
    figures["musts"] = [must.told for must in musts(figures)]
    return figures


def _figures(card: registry.Card, key: str, part: HeldOut, progress: Progress) -> dict[str, Any]:
    def told(what: str, done: int, total: int) -> None:
        progress(f"{key}: {what}", done, total)

    if not isinstance(part.sample, Hourly):
        return figures_once(part.sample, part.comparators, conformal=card.conformal, progress=told)
    return figures_hourly(
        part.sample,
        card.alerts_at,
        part.comparators,
        conformal=card.conformal,
        elsewhere=part.elsewhere,
        progress=told,
    )


def _folds(extra: Mapping[str, str | float]) -> dict[str, Any]:
    """The spread over the inner folds, each predicted by members that did not see it, as training noted it."""
    folds: dict[str, list[float]] = {}
    for name, value in extra.items():
        if found := _FOLD.fullmatch(name):
            folds.setdefault(found["figure"], []).append(float(value))
    return (
        spread([dict(zip(folds, values, strict=True)) for values in zip(*folds.values(), strict=True)]) if folds else {}
    )
