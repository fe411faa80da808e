"""From a model's answer to a preliminary report: pure, the same input gives the same event."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ray_jobs.imaging.verdict import verdict
from ray_jobs.registry import Card
from schemas.events import ImagingFindingReported, ImagingInstanceStored
from schemas.events.findings import Box, ClassProbability
from schemas.ids import digest
from services.runtime.modes import Mode


@dataclass(frozen=True, slots=True)
class Reading:
    """The model's answer for one film: probability float32[classes], doubt (above 1: unlike the training films)."""

    probability: npt.NDArray[np.float32]
    ood: float


class Seen(NamedTuple):
    """What a model said of one picture, and where it looked: float32[rows, columns]."""

    reading: Reading
    heat: npt.NDArray[np.float32]


def report_id(instance: ImagingInstanceStored, card: Card) -> str:
    """One report per stored object and model version: a repeat is the same report."""
    return digest("finding", instance.id, card.name, card.version)


def report(
    instance: ImagingInstanceStored,
    card: Card,
    reading: Reading,
    *,
    mode: Mode,
    known: datetime,
    picture: str,
    heatmap: str,
    box: Box | None = None,
    frame: int = 1,
    note: str = "",
    whole: bool = True,
) -> ImagingFindingReported:
    """The report of a film that was read. A film unlike the training films cannot be assessed, whatever was read.

    `frame`: of several the one that was read. Where not the `whole` object was read, no finding is one for a person.
    """
    found = verdict(card, reading.probability, reading.ood)
    outcome = "refer" if found.outcome == "no finding" and not whole else found.outcome
    return ImagingFindingReported(
        **_about(instance, card, mode, known),
        outcome=outcome,
        frame=frame,
        label=found.label if found.assessable else None,
        probability=min(1.0, found.probability) if found.assessable else None,
        threshold=card.threshold,
        classes=tuple(
            ClassProbability(name=name, probability=min(1.0, float(p)))
            for name, p in zip(card.classes, reading.probability, strict=True)
        )
        if found.assessable
        else (),
        reason="; ".join(part for part in (found.reason, note) if part)[:1000] or None,
        picture=picture,
        heatmap=heatmap if found.assessable else None,
        box=box if outcome in {"finding", "refer"} else None,
    )


def cannot_assess(
    instance: ImagingInstanceStored, card: Card, reason: str, *, mode: Mode, known: datetime, picture: str | None
) -> ImagingFindingReported:
    """The report of an object that the model may not read, and why."""
    return ImagingFindingReported(
        **_about(instance, card, mode, known),
        outcome="cannot assess",
        reason=reason if reason.startswith("cannot assess") else f"cannot assess: {reason}",
        picture=picture,
    )


def _about(instance: ImagingInstanceStored, card: Card, mode: Mode, known: datetime) -> dict[str, Any]:
    """What every report says: of which object, of whom, by which model, when."""
    return {
        "id": report_id(instance, card), "site": instance.site, "patient": instance.patient, "known": known,
        "study": instance.study, "instance": instance.instance, "model": card.name, "version": card.version,
        "mode": "live" if mode == "live" else "silent", "as_of": instance.taken or instance.known,
        "source": instance.id, "series": instance.series, "sop_class": instance.sop_class,
        "modality": instance.modality, "rows": instance.rows, "columns": instance.columns, "frames": instance.frames,
    }  # fmt: skip
