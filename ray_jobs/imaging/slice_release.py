"""A slice model from its set to shipped files: training, calibration, doubt, held-out table, figures, card."""

import csv
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from rich.progress import Progress

from ray_jobs.imaging import figures
from ray_jobs.imaging.attention import AttentiveNetwork
from ray_jobs.imaging.bearing import fit_bearing
from ray_jobs.imaging.body import prepared
from ray_jobs.imaging.boxed import BoxedRecipe, fit_boxed
from ray_jobs.imaging.crossfit import Rows, fit
from ray_jobs.imaging.families import FAMILIES, Family
from ray_jobs.imaging.features import Features, features
from ray_jobs.imaging.network import FilmNetwork
from ray_jobs.imaging.others import TURNS, other_pictures, turned
from ray_jobs.imaging.reading import GRAPH, WEIGHTS
from ray_jobs.imaging.release import fit_doubt
from ray_jobs.imaging.ship import export_graph, load_weights, save_weights
from ray_jobs.imaging.slice_card import card_text
from ray_jobs.imaging.slice_figures import HELD_OUT, best_threshold, evaluate_slices, tempered
from ray_jobs.imaging.slices import Slices
from ray_jobs.imaging.train import keep_memory
from ray_jobs.registry import Card, Population, write_card

OUTER, CALIBRATION = 0, 1
REFERRED_ERRORS = 0.05
TURNED_VIEWS = 2
"""Ways of not being upright that are taken of each slice, to learn its bearing from."""
FILES = (WEIGHTS, GRAPH, HELD_OUT, "card.md", "metrics.json")
Floats = npt.NDArray[np.float64]


class Trained(NamedTuple):
    """Logits of each slice by a network that did not see it (NaN where there is none), and the weights that ship."""

    held: Floats
    weights: Path


def train_slices(name: str, shared: Path, work: Path, folder: Path, *, version: str) -> Card:
    """Train what is not yet trained in `work`, and write the model to `folder`; returns its card."""
    keep_memory()
    family = FAMILIES[name]
    loaded = family.load(shared, work)
    plain, slices = loaded.films.pixels, _shown(family, loaded)
    kept = f"{name}-{family.prepare}" if family.prepare else name
    views = [features(slices.films.pixels, view, work / f"{kept}-view{view}.npz") for view in range(family.views)]
    trained = _trained(name, family, slices, views, work)
    layouts = features(plain, 0, work / f"{name}-view0.npz").layout
    return _release(family, slices, plain, layouts, trained, shared, folder, version)


def _shown(family: Family, slices: Slices) -> Slices:
    """The slices as the network sees them."""
    films = slices.films
    seen = prepared(family.prepare, np.asarray(films.pixels)) if family.prepare else films.pixels
    return replace(slices, films=replace(films, pixels=seen))


def _trained(name: str, family: Family, slices: Slices, views: list[Features], work: Path) -> Trained:
    """Train what is not yet trained in `work`."""
    label, fold = slices.films.label, slices.fold
    held = np.full((len(label), len(family.classes)), np.nan)
    stores: dict[str, Path] = {}
    with Progress() as progress:

        def fitted(rows: Rows, part: str, wanted: Rows) -> Floats:
            store = work / f"{name}{f'-{family.prepare}' if family.prepare else ''}-{part}.pt"
            stores[part] = store
            if isinstance(family.recipe, BoxedRecipe):
                return fit_boxed(slices, rows, family.recipe, store, progress, wanted=wanted).numpy().astype(np.float64)
            return fit(views, label, rows, family.recipe, store, wanted=wanted).numpy().astype(np.float64)

        if not family.cross:
            kept = np.flatnonzero(fold <= CALIBRATION)
            held[kept] = fitted(np.flatnonzero(fold > CALIBRATION), "outer", kept)
            return Trained(held, stores["outer"])
        for number in range(family.measured):
            kept = np.flatnonzero(fold == number)
            held[kept] = fitted(np.flatnonzero(fold != number), f"fold{number}", kept)
        if not family.whole:
            return Trained(held, stores["fold0"])
        fitted(np.arange(len(label)), "all", np.arange(0))
        return Trained(held, stores["all"])


def _release(
    family: Family,
    slices: Slices,
    plain: npt.NDArray[np.uint8],
    layouts: npt.NDArray[np.float32],
    trained: Trained,
    shared: Path,
    folder: Path,
    version: str,
) -> Card:
    logits, weights = trained
    folder.mkdir(parents=True, exist_ok=True)
    kind = AttentiveNetwork if isinstance(family.recipe, BoxedRecipe) else FilmNetwork
    network = kind(len(family.classes))
    network.load_state_dict(torch.load(weights, weights_only=True))
    save_weights(network, folder)
    finding = tuple(family.classes.index(one) for one in family.finding)
    network = load_weights(folder, finding)
    label, fold = slices.films.label, slices.fold
    choose = ~np.isnan(logits[:, 0]) if family.cross else fold == CALIBRATION
    heat = figures.temperature(logits[choose], label[choose])
    # Doubt looks at slices as they come: what preparing takes away is much of what tells another kind of picture.
    layout = torch.from_numpy(layouts)
    fit_doubt(network, layout[torch.from_numpy(fold > CALIBRATION)], layout[torch.from_numpy(fold == CALIBRATION)])
    network.temperature.fill_(heat)
    if family.bearing:
        learn_bearing(network, plain, layouts, fold, weights.parent / folder.name)
    save_weights(network, folder)
    export_graph(network, folder)
    chosen = tempered(logits[choose], heat)
    extra: dict[str, str | float] = {"finding": ",".join(family.finding), "temperature": round(heat, 4)}
    if family.prepare:
        extra["prepare"] = family.prepare
    if len(finding) == 1:
        ill, probability = label[choose] == finding[0], chosen[:, finding[0]]
        threshold = best_threshold(ill, probability)
        low, high = figures.referral_band(ill, probability, REFERRED_ERRORS)
    else:
        threshold, low = 0.0, 0.0
        high = sure_from(label[choose], chosen)
    card = Card(
        name=folder.name,
        version=version,
        task=family.task,
        kind="network",
        outcome=family.outcome,
        classes=family.classes,
        threshold=threshold,
        population=Population(min_age=16, max_age=120, setting=family.setting),
        input="uint8[n, 224, 224]: the whole slice stretched to a square, grey, as windowed for reading",
        licence=f"Apache-2.0; trained on {family.source}",
        extra={**extra, "refer_low": round(low, 4), "refer_high": round(high, 4)},
        files={},
    )
    rows = choose if family.cross else fold == OUTER
    _write_held(folder / HELD_OUT, slices, logits, rows, family)
    for name in ("card.md", "metrics.json"):
        (folder / name).touch()
    card = write_card(folder, card, FILES)
    report = evaluate_slices(folder.name, models=folder.parent)
    report["refused"] = _refused(folder, shared, plain[fold == OUTER])
    (folder / "metrics.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    (folder / "card.md").write_text(card_text(card, family, report), encoding="utf-8")
    return write_card(folder, card, FILES)


def learn_bearing(
    network: FilmNetwork, plain: npt.NDArray[np.uint8], layouts: npt.NDArray[np.float32], fold: Rows, store: Path
) -> None:
    """Give the network its bearing, learnt from the slices that doubt learnt from; features are kept beside `store`."""
    chosen = np.flatnonzero(fold > CALIBRATION)
    turns = [
        features(turned(plain[chosen], (np.arange(len(chosen)) + view) % TURNS), 0, Path(f"{store}-turned{view}.npz"))
        for view in range(TURNED_VIEWS)
    ]
    network.bearing = fit_bearing(
        network.centred(torch.from_numpy(layouts[chosen])),
        network.centred(torch.from_numpy(np.concatenate([turn.layout for turn in turns]))),
        network.centred(torch.from_numpy(layouts[fold == CALIBRATION])),
    )


def sure_from(label: npt.NDArray[np.int64], probability: Floats) -> float:
    """The lowest top probability above which at most REFERRED_ERRORS of calibration slices are named wrongly."""
    top, wrong = probability.max(1), probability.argmax(1) != label
    order = np.argsort(-top)
    share = np.cumsum(wrong[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(share <= REFERRED_ERRORS)
    return float(top[order][good[-1]]) - 1e-4 if len(good) else 1.0


def _write_held(path: Path, slices: Slices, logits: Floats, rows: npt.NDArray[np.bool_], family: Family) -> None:
    with path.open("w", newline="", encoding="utf-8") as table:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(["file", "group", "fold", "label", *(f"logit_{name}" for name in family.classes)])
        for index in np.flatnonzero(rows):
            films = slices.films
            writer.writerow(
                [
                    films.path[index],
                    films.patient[index],
                    int(slices.fold[index]),
                    family.classes[films.label[index]],
                    *(f"{value:.4f}" for value in logits[index]),
                ]
            )


def _refused(folder: Path, shared: Path, own: npt.NDArray[np.uint8]) -> Mapping[str, float]:
    """Share refused of held-out slices, of other kinds of picture and of spoilt slices, by the runtime that serves."""
    from ray_jobs.imaging.evaluate import read_all
    from ray_jobs.imaging.reading import OnnxRuntime
    from ray_jobs.registry import load_model

    runtime = OnnxRuntime(load_model(folder.name, folder.parent))
    some = np.ascontiguousarray(own[:: max(1, len(own) // 60)])
    kinds = {"held-out slices": own[:: max(1, len(own) // 150)]}
    kinds |= dict(other_pictures(shared, some, not_of=folder.name))
    named = {kind if kind == "chest films" else kind.replace("films", "slices"): p for kind, p in kinds.items()}
    return {kind: round(float((read_all(runtime, p).ood > 1).mean()), 4) for kind, p in named.items()}
