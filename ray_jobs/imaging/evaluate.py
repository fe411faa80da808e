"""The figures of a shipped film model, taken again on the outer patients through the runtime that serves."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ray_jobs.imaging import figures
from ray_jobs.imaging.films import CLASSES, Films, Part, load_chest_films
from ray_jobs.imaging.others import other_pictures
from ray_jobs.imaging.reading import OnnxRuntime, Readings, Runtime
from ray_jobs.imaging.verdict import verdict
from ray_jobs.registry import load_model

Report = dict[str, object]


def evaluate(name: str, shared: Path, work: Path, *, models: Path | None = None) -> Report:
    """Figures with intervals, confusion, referral and refusals of model `name`; `work` caches decoded films."""
    model = load_model(name, models)
    runtime = OnnxRuntime(model)
    every = load_chest_films(shared / "cxr_pneumonia", work)
    films = every.part(Part.OUTER)
    found = read_all(runtime, films.pixels)
    classes = found.probability.astype(np.float64)
    probability, ill = classes[:, 1:].sum(1), films.label > 0
    table = {
        name: asdict(figures.with_interval(metric, ill, probability, films.patient))
        for name, metric in figures.at_threshold(model.card.threshold).items()
    }
    patients = tuple(np.array(films.patient)[ill])
    table["auroc bacterial or viral"] = asdict(
        figures.with_interval(
            figures.auroc, films.label[ill] == CLASSES.index("virus"), classes[ill, 2] / probability[ill], patients
        )
    )
    both = in_two_kinds(every)
    viral, share = films.label[ill] == CLASSES.index("virus"), classes[ill, 2] / probability[ill]
    mixed = np.array([patient in both for patient in patients])
    verdicts = [verdict(model.card, p, float(o)) for p, o in zip(found.probability, found.ood, strict=True)]
    said = np.array([v.decision for v in verdicts])
    decided = said != "refer"
    called = probability >= model.card.threshold
    return {
        "model": name,
        "version": model.card.version,
        "films": {part.value: len(every.part(part).path) for part in Part},
        "outer": table,
        "confusion": {
            "ill called ill": int((ill & called).sum()),
            "ill called well": int((ill & ~called).sum()),
            "well called well": int((~ill & ~called).sum()),
            "well called ill": int((~ill & called).sum()),
        },
        "subgroups": {
            "bacterial or viral auroc, numbers under one kind": round(figures.auroc(viral[~mixed], share[~mixed]), 4),
            "bacterial or viral auroc, numbers under both kinds": round(figures.auroc(viral[mixed], share[mixed]), 4),
            **{
                f"recall of {one}": round(float(called[films.label == k].mean()), 4)
                for k, one in enumerate(CLASSES)
                if k
            },
        },
        "roc": figures.roc(ill, probability),
        "reliability": figures.reliability(ill, probability),
        "accuracy by share referred": figures.by_share_referred(
            _from_threshold(probability, model.card.threshold), called == ill
        ),
        "referred": round(float((~decided).mean()), 4),
        "accuracy of the decided": round(float((called == ill)[decided].mean()), 4),
        "refused": {
            "outer films": round(float((found.ood > 1).mean()), 4),
            **{
                kind: round(float((read_all(runtime, pixels).ood > 1).mean()), 4)
                for kind, pixels in other_pictures(shared, films.pixels[:: max(1, len(films.pixels) // 60)])
            },
        },
    }


def _from_threshold(probability: npt.NDArray[np.float64], threshold: float) -> npt.NDArray[np.float64]:
    """How sure a call is: the distance of its log-odds from those of the threshold."""
    inside = np.clip(probability, 1e-6, 1 - 1e-6)
    odds = np.log(inside / (1 - inside)) - np.log(threshold / (1 - threshold))
    return np.asarray(np.abs(odds))


def in_two_kinds(films: Films) -> frozenset[str]:
    """Numbers of patients that carry films of both pneumonias.

    The set numbers patients within each kind as it seems (half of all numbers occur under both): one number may be two
    children. The split keeps them together all the same.
    """
    kinds: dict[str, set[int]] = {}
    for patient, label in zip(films.patient, films.label, strict=True):
        if label > 0:
            kinds.setdefault(patient, set()).add(int(label))
    return frozenset(patient for patient, found in kinds.items() if len(found) > 1)


def read_all(runtime: Runtime, pixels: npt.NDArray[np.uint8], batch: int = 8) -> Readings:
    """Read uint8[n, 224, 224] in batches, so that memory does not grow with n."""
    parts = [runtime.read(np.ascontiguousarray(part)) for part in _parts(pixels, batch)]
    return Readings(
        np.concatenate([part.probability for part in parts]),
        np.concatenate([part.heatmap for part in parts]),
        np.concatenate([part.ood for part in parts]),
    )


def _parts(pixels: npt.NDArray[np.uint8], batch: int) -> Iterator[npt.NDArray[np.uint8]]:
    for start in range(0, len(pixels), batch):
        yield pixels[start : start + batch]
