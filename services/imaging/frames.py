"""A multi-frame object read as a volume: each frame like a slice, and the most telling one speaks for the object.

What one picture of a study is to the others (docs/decisions/0152), a frame is to its object: a finding hides behind
nothing, and a refusal speaks only where all were refused.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from pydicom import Dataset

from ray_jobs.imaging.pixels import Grey, UnusableImageError
from ray_jobs.imaging.verdict import verdict
from ray_jobs.imaging.volume import volume
from ray_jobs.registry import Card
from services.imaging.report import Reading, Seen
from services.imaging.study import RANK

MOST_FRAMES: Final = 256
"""Read of one object, spread evenly: a CT of a chest has 100 to 400 slices."""
TOGETHER: Final = 16
"""Frames in one call: each call has its deadline."""
Read = Callable[[Grey], list[Seen]]
"""uint8[frames, 224, 224] → what the model says of each; raises DependencyError to be tried again."""


class Spoken(NamedTuple):
    """The frame that speaks: its picture, what was seen, its number from 1, and what must be told of the others."""

    pixels: Grey
    seen: Seen
    frame: int
    note: str
    whole: bool
    """Whether every frame was looked at: else that nothing was found is not known."""


def spoken(dataset: Dataset, card: Card, read: Read, *, most: int = MOST_FRAMES) -> Spoken:
    """The object's most telling frame; raises UnusableImageError when no frame can be read."""
    made = volume([dataset], most=most)
    fit = [place for place, unfit in enumerate(made.unfit) if not unfit]
    if not fit:
        raise UnusableImageError(made.unfit[0].removeprefix("cannot assess: "))
    seen = [one for at in range(0, len(fit), TOGETHER) for one in read(made.pixels[fit[at : at + TOGETHER]])]
    best = max(range(len(fit)), key=lambda n: (*_telling(card, seen[n].reading), -n))
    place = fit[best]
    number, asked = made.slices[place].frame + 1, min(made.among, most)
    notes = [f"frame {number} of {made.among} speaks"]
    if made.among > asked:
        notes.append(f"{asked} of {made.among} frames were looked at")
    if len(fit) < asked:
        notes.append(made.problem or f"{asked - len(fit)} frames show nothing that can be read")
    return Spoken(
        made.pixels[place], seen[best], number, "; ".join(notes), whole=made.among == asked and not made.problem
    )


def _telling(card: Card, reading: Reading) -> tuple[int, float]:
    found = verdict(card, np.asarray(reading.probability), reading.ood)
    return RANK[found.outcome], found.probability
