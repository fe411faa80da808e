"""Which held-out pictures a sheet shows: right, wrong, referred and refused ones, the most telling first."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from ray_jobs.imaging.evaluate import read_all
from ray_jobs.imaging.families import FAMILIES
from ray_jobs.imaging.films import CLASSES, Part, load_chest_films
from ray_jobs.imaging.reading import OnnxRuntime, Readings
from ray_jobs.imaging.sheets import ACROSS, Case
from ray_jobs.imaging.slice_figures import HELD_OUT, held_probability, read_held
from ray_jobs.imaging.verdict import Verdict, findings, verdict
from ray_jobs.registry import Card, Model, load_model

KINDS: Final = ("right", "wrong", "referred", "refused")


def cases(name: str, shared: Path, work: Path, *, models: Path | None = None) -> dict[str, list[Case]]:
    """Rows for `sheets.draw_cases`; words are those of networks that had not seen the picture, maps the shipped ones.

    Raises FileNotFoundError when the set is not there.
    """
    model = load_model(name, models)
    if name in FAMILIES:
        return _slices(model, shared, work)
    films = load_chest_films(shared / "cxr_pneumonia", work).part(Part.OUTER)
    found = read_all(OnnxRuntime(model), films.pixels)
    truth = [CLASSES[k] for k in films.label]
    return _sorted(model.card, films.pixels, truth, found.probability, found)


def _slices(model: Model, shared: Path, work: Path) -> dict[str, list[Case]]:
    path, slices = model.file(HELD_OUT), FAMILIES[model.card.name].load(shared, work)
    held = read_held(path, model.card.classes)
    place = {file: index for index, file in enumerate(slices.films.path)}
    pixels = np.ascontiguousarray(slices.films.pixels[[place[file] for file in held.file]])
    truth = [model.card.classes[k] for k in held.label]
    probability = held_probability(model.card, held).astype(np.float32)
    return _sorted(model.card, pixels, truth, probability, read_all(OnnxRuntime(model), pixels))


def _sorted(
    card: Card, pixels: npt.NDArray[np.uint8], truth: list[str], probability: npt.NDArray[np.float32], found: Readings
) -> dict[str, list[Case]]:
    """By what was said of each; within a kind the surest first."""
    said = [verdict(card, p, float(o)) for p, o in zip(probability, found.ood, strict=True)]
    rows: dict[str, list[int]] = {kind: [] for kind in KINDS}
    for index, (one, true) in enumerate(zip(said, truth, strict=True)):
        rows[_kind(card, one, true)].append(index)
    sure = np.array([max(one.probability, 1 - one.probability) for one in said])
    return {
        kind: [
            Case(pixels[i], found.heatmap[i] if kind != "refused" else None, _words(said[i], truth[i]))
            for i in sorted(indices, key=lambda i: -sure[i])[:ACROSS]
        ]
        for kind, indices in rows.items()
    }


def _kind(card: Card, said: Verdict, truth: str) -> str:
    if not said.assessable:
        return "refused"
    if said.decision == "refer":
        return "referred"
    ill = [card.classes[k] for k in findings(card)]
    told_ill = said.label == card.outcome
    right = said.label == truth if len(ill) == len(card.classes) else told_ill == (truth in ill)
    return "right" if right else "wrong"


def _words(said: Verdict, truth: str) -> str:
    if not said.assessable:
        return f"is {truth}\nunlike the training pictures"
    return f"is {truth}\nread as {said.label}, {said.probability:.2f}"
