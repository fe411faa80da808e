"""From trained weights to a model that ships: doubt, temperature, threshold, files, figures and card.

Doubt is fitted on training patients; temperature, threshold, referral band and the doubt's limit are chosen on
calibration patients; every figure of the card is taken on the outer patients, which nothing else saw.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ray_jobs.imaging import figures
from ray_jobs.imaging.evaluate import evaluate
from ray_jobs.imaging.films import CLASSES, Films, Part, load_chest_films
from ray_jobs.imaging.network import AXES, FilmNetwork
from ray_jobs.imaging.reading import GRAPH, WEIGHTS
from ray_jobs.imaging.ship import export_graph, load_weights, save_weights
from ray_jobs.imaging.subtype import VIRUS, SubtypedNetwork
from ray_jobs.imaging.subtype_train import mixing
from ray_jobs.imaging.train import keep_memory
from ray_jobs.registry import Card, Population, write_card

DOUBT_FILMS = 800
DOUBT_QUANTILE = 0.995
DOUBT_ROOM = 1.1
"""Films of another hospital look a little further from ours; other pictures lie at 1.2 and more."""
WANTED_RECALL = 0.97
REFERRED_ERRORS = 0.02
OUTCOME = "pneumonia"
FILES = (WEIGHTS, GRAPH, "card.md", "metrics.json")


def release(shared: Path, work: Path, folder: Path, *, version: str) -> Card:
    """Finish the network in `work`/subtype.pt and write the model to `folder`; returns its card."""
    keep_memory()
    films = load_chest_films(shared / "cxr_pneumonia", work)
    trained = SubtypedNetwork()
    trained.load_state_dict(torch.load(work / "subtype.pt", weights_only=True))
    folder.mkdir(parents=True, exist_ok=True)
    save_weights(trained, folder)
    network = load_weights(folder)  # what ships is 16-bit: everything below is fitted to that
    if not isinstance(network, SubtypedNetwork):
        raise TypeError("the weights are not those of a network with a branch")
    calibration = films.part(Part.CALIBRATE)
    logits = _each(network.logits, calibration)
    fit_doubt(network, _each(network.layout, _some(films.part(Part.TRAIN))), _each(network.layout, calibration))
    heat = figures.temperature(logits.numpy().astype(np.float64), calibration.label)
    network.temperature.fill_(heat)
    sick = calibration.chosen(calibration.label > 0)
    evidence = _each(network.evidence, sick).numpy().astype(np.float64)
    network.mixing.copy_(torch.tensor(mixing(evidence, sick.label == VIRUS)))
    save_weights(network, folder)
    export_graph(network, folder)
    probability = torch.softmax(logits / heat, 1)[:, 1:].sum(1).numpy().astype(np.float64)
    ill = calibration.label > 0
    low, high = figures.referral_band(ill, probability, REFERRED_ERRORS)
    card = Card(
        name=folder.name,
        version=version,
        task="chest film of a child: pneumonia, and whether bacterial or viral",
        kind="network",
        outcome=OUTCOME,
        classes=CLASSES,
        threshold=figures.recall_threshold(ill, probability, WANTED_RECALL),
        population=Population(
            min_age=1, max_age=5.99, setting="children of one to five years, one hospital (Guangzhou)"
        ),
        input="uint8[n, 224, 224]: the whole film stretched to a square, grey, bone bright",
        licence="Apache-2.0; trained on CC BY 4.0 data (Kermany et al. 2018, Mendeley Data rscbjbr9sj)",
        extra={"refer_low": round(low, 4), "refer_high": round(high, 4), "temperature": round(heat, 4)},
        files={},
    )
    for name in ("card.md", "metrics.json"):
        (folder / name).touch()
    card = write_card(folder, card, FILES)
    report = evaluate(folder.name, shared, work, models=folder.parent)
    (folder / "metrics.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    (folder / "card.md").write_text(_card_text(card, report), encoding="utf-8")
    return write_card(folder, card, FILES)


def _some(films: Films) -> Films:
    """An even sample of films; the order of paths mixes nothing, so take every k-th."""
    return films.chosen(np.linspace(0, len(films.label) - 1, min(DOUBT_FILMS, len(films.label))).astype(int))


def _each(answer: Callable[[Tensor], Tensor], films: Films) -> Tensor:
    """`answer` of float[n, 224, 224], in batches small enough for a processor's cache."""
    parts = []
    with torch.no_grad():
        for start in range(0, len(films.label), 8):
            pixels = np.ascontiguousarray(films.pixels[start : start + 8])
            parts.append(answer(torch.from_numpy(pixels).float()))
    return torch.cat(parts)


def fit_doubt(network: FilmNetwork, training: Tensor, calibration: Tensor) -> None:
    """Axes of the training films' layouts float[n, 640]; both parts of the distance count alike, 1 is the limit."""
    mean, spread = training.mean(0), training.std(0) + 1e-3
    _, lengths, axes = torch.linalg.svd((training - mean) / spread, full_matrices=False)
    whitened = axes[:AXES].T / (lengths[:AXES] / (len(training) - 1) ** 0.5)
    centred = (calibration - mean) / spread
    inside = (centred @ whitened).square().mean(1)
    outside = centred.square().sum(1) - (centred @ axes[:AXES].T).square().sum(1)
    score = inside / inside.mean() + outside / outside.mean()
    limit = torch.quantile(score, DOUBT_QUANTILE) * DOUBT_ROOM
    network.doubt_mean.copy_(mean)
    network.doubt_spread.copy_(spread)
    network.doubt_axes.copy_(whitened)
    network.doubt_scale.copy_(torch.stack([1 / inside.mean(), 1 / outside.mean()]) / limit)


def _card_text(card: Card, report: dict[str, object]) -> str:
    """The card for people, from the same numbers."""
    rows = report["outer"]
    assert isinstance(rows, dict)  # noqa: S101 - built by evaluate, narrowed for the type checker
    lines = [f"| {name} | {row['value']:.3f} | {row['low']:.3f} to {row['high']:.3f} |" for name, row in rows.items()]
    return _TEXT.format(card=card, table="\n".join(lines), counts=report["films"], others=report["refused"])


_TEXT = """# {card.name} {card.version}

Reads a frontal chest film of a child of one to five years: pneumonia or not, and whether bacterial or viral.
Preliminary, for a person to confirm; never a diagnosis by itself.

**Network**: EfficientNet-lite0 on one grey channel, ImageNet weights, head and upper blocks trained on random views
(exposure, crop, rotation, edges, markers); class heatmap and doubt are computed in the graph. Which of the two
pneumonias it is, a branch of its own says: the same upper blocks again, trained on films of the ill alone.
**Data**: Kermany et al. 2018, training part, by patient: {counts}.
**Threshold** {card.threshold}: the highest at which 97 % of ill calibration films are called ill.
**Referred to a person** between {card.extra[refer_low]} and {card.extra[refer_high]}: outside that band about 2 % of
each class of calibration films lies on the wrong side.

## Figures on the outer patients (95 % bootstrap over patients)

| figure | value | interval |
|---|---|---|
{table}

## Doubt
Share refused as unlike the training films; the limit lies a tenth above what 99.5 % of calibration films reach:
{others}.

## Limits
- One hospital, children of 1 to 5 years, frontal films. Adults: cannot assess.
- In these data children with pneumonia were filmed lying and cut close, healthy ones mostly not. Views are varied to
  take that away; a film taken elsewhere may still be read as ill because of how it was taken: expect less than the
  table says.
- The heat lies mostly at shoulders and armpits, seldom in the lungs (`wardwatch imaging evaluate --cases sheet.png`
  draws it): the network goes in part by how children were lying. The figures above are of the same hospital and do not
  show what that costs.
- The heatmap is the class evidence at 7 × 7: it says which region spoke, not where a lesion ends.
- `wardwatch imaging train` and `wardwatch imaging evaluate` reproduce the weights and this table.
"""
