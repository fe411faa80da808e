"""The slow lane's job: one stored image object in, one report out; pixels from the object store, numbers from Ray."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
from pydicom import Dataset

from ray_jobs.imaging.pixels import UnusableImageError, film, opened
from ray_jobs.imaging.selection import CHEST_MODEL, Shown, model_for, unsuitable
from ray_jobs.registry import Card, load_card, outside
from schemas.events import Event, ImagingFindingReported, ImagingInstanceStored
from services.imaging.frames import Spoken, spoken
from services.imaging.lesion import lesion_box
from services.imaging.pictures import film_png, heatmap_png
from services.imaging.report import Reading, Seen, cannot_assess, report, report_id
from services.runtime.errors import BadInputError
from services.runtime.modes import Mode, Modes
from services.runtime.ports import Inference, ObjectStore

DEADLINE_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class ImagingJob:
    """Callable as the slow lane's job. Holds no state: a repeat gives the same report under the same id."""

    inference: Inference
    objects: ObjectStore
    modes: Modes
    deadline_s: float = DEADLINE_S

    def __call__(self, event: Event) -> Sequence[Event]:
        """The report of an ImagingInstanceStored; nothing for other events, nor where the model is off.

        Raises BadInputError when the object is not the one that was stored, DependencyError to be tried again.
        """
        if not isinstance(event, ImagingInstanceStored):
            return ()
        name = model_for(event.modality) or CHEST_MODEL  # which says that nobody reads such an object
        card = load_card(name)
        mode = self.modes.mode(card.name, None)
        return () if mode == "off" else (self._reported(event, card, mode),)

    def _reported(self, event: ImagingInstanceStored, card: Card, mode: Mode) -> ImagingFindingReported:
        known = event.known
        told = Shown(event.modality, event.body_part or "", event.view or "", event.frames, event.kinds)
        refusal = unsuitable(told, model=card.name)
        try:
            dataset = opened(self._content(event))
            refusal = refusal or unsuitable(told.seen(Shown.of(dataset)), model=card.name)
            if event.frames > 1 and not refusal and not outside(card, event.age_years):
                return self._of_frames(event, card, mode, dataset)
            pixels, unfit = film(dataset)
        except UnusableImageError as error:
            return cannot_assess(event, card, refusal or str(error), mode=mode, known=known, picture=None)
        refusal = refusal or outside(card, event.age_years) or unfit
        if refusal:
            picture = self._kept(event, card, "film", film_png(pixels))
            return cannot_assess(event, card, refusal, mode=mode, known=known, picture=picture)
        (seen,) = self._read(card, pixels[np.newaxis])
        return self._said(event, card, mode, Spoken(pixels, seen, 1, "", whole=True))

    def _of_frames(
        self, event: ImagingInstanceStored, card: Card, mode: Mode, dataset: Dataset
    ) -> ImagingFindingReported:
        """The report of the most telling frame; raises UnusableImageError when none can be read."""
        return self._said(event, card, mode, spoken(dataset, card, partial(self._read, card)))

    def _said(self, event: ImagingInstanceStored, card: Card, mode: Mode, found: Spoken) -> ImagingFindingReported:
        """The report of a picture that was read, with its film and heatmap in the store."""
        heat = found.seen.heat
        return report(
            event, card, found.seen.reading, mode=mode, known=event.known,
            picture=self._kept(event, card, "film", film_png(found.pixels)),
            heatmap=self._kept(event, card, "heatmap", heatmap_png(heat)), box=lesion_box(heat), frame=found.frame,
            note=found.note, whole=found.whole,
        )  # fmt: skip

    def _kept(self, event: ImagingInstanceStored, card: Card, name: str, png: bytes) -> str:
        path = f"reports/{event.site}/{report_id(event, card)}/{name}.png"
        self.objects.put(path, png)
        return path

    def _content(self, event: ImagingInstanceStored) -> bytes:
        """The object's bytes, exactly those that the event names."""
        try:
            content = self.objects.get(event.object)
        except KeyError:
            raise BadInputError("the stored object is gone", path="object") from None
        if hashlib.sha256(content).hexdigest() != event.sha256:
            raise BadInputError("the stored object is not the one that the event names", path="sha256")
        return content

    def _read(self, card: Card, pixels: npt.NDArray[np.uint8]) -> list[Seen]:
        """What the model says of each of uint8[films, 224, 224]."""
        tensors, _ = self.inference.infer(
            card.name, {"pixels": pixels}, {"model": card.name, "version": card.version}, deadline_s=self.deadline_s
        )
        answers = zip(tensors["probability"], tensors["ood"], tensors["heatmap"], strict=True)
        return [
            Seen(Reading(np.asarray(p, dtype=np.float32), float(ood)), np.asarray(heat, dtype=np.float32))
            for p, ood, heat in answers
        ]
