"""Which model reads which DICOM objects: by modality, body part, view, plane, weighting and frames (PS3.3 C.7, C.8)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self, cast

import numpy as np

from ray_jobs.imaging.pixels import PER_FRAME
from schemas.dicom.series import Attributes, SeriesKind, series_kinds

LATERAL: Final = frozenset({"LL", "RL", "LATERAL", "LLD", "RLD", "LAT"})
CHEST: Final = frozenset({"CHEST", "THORAX", "LUNG", "LUNGS"})
HEAD: Final = frozenset({"BRAIN", "HEAD", "SKULL"})
CHEST_MODEL: Final = "chest-pneumonia"
LUNG_MODEL: Final = "lung-ct"
BRAIN_MODEL: Final = "brain-mri"
PLANES: Final = ("sagittal", "coronal", "axial")
"""By the axis of the patient (left, back, head: PS3.3 C.7.6.2.1.1) along which the slices lie."""
ALONG: Final = 0.8
"""Cosine above which a plane is one of the three: a CT's gantry is tilted by up to 30 degrees (0.87)."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the header says of the picture; '' and None: it does not say. `echo_ms`: the echo time of an MR."""

    modality: str
    body_part: str = ""
    view: str = ""
    frames: int = 1
    kinds: tuple[SeriesKind, ...] = ()
    plane: str = ""
    echo_ms: float | None = None

    @classmethod
    def of(cls, attributes: Attributes) -> Self:
        """From an object's own attributes."""
        return cls(
            modality=str(attributes.get("Modality") or ""),
            body_part=str(attributes.get("BodyPartExamined") or ""),
            view=str(attributes.get("ViewPosition") or ""),
            frames=int(_number(attributes.get("NumberOfFrames")) or 1),
            kinds=series_kinds(attributes),
            plane=plane(_said(attributes, "ImageOrientationPatient", "PlaneOrientationSequence")),
            echo_ms=_number(attributes.get("EchoTime") or _said(attributes, "EffectiveEchoTime", "MREchoSequence")),
        )

    def seen(self, other: Self) -> Self:
        """With what only the object itself says: its plane and echo time, and kinds that were not told before."""
        kinds = tuple(dict.fromkeys((*self.kinds, *other.kinds)))
        return replace(self, kinds=kinds, plane=other.plane, echo_ms=other.echo_ms)


@dataclass(frozen=True, slots=True)
class Suited:
    """What a model may read: `planes` empty is any; `not_kinds` of series it was not made from; longest echo time."""

    modalities: frozenset[str]
    body_parts: frozenset[str]
    shows: str
    not_kinds: frozenset[SeriesKind] = frozenset({"localizer"})
    planes: frozenset[str] = frozenset()
    longest_echo_ms: float | None = None


SUITED: Final = {
    CHEST_MODEL: Suited(frozenset({"CR", "DX"}), CHEST, "the chest", not_kinds=frozenset()),
    LUNG_MODEL: Suited(
        frozenset({"CT"}),
        CHEST,
        "the chest",
        not_kinds=frozenset({"localizer", "coronal", "sagittal"}),
        planes=frozenset({"axial"}),
    ),
    BRAIN_MODEL: Suited(
        frozenset({"MR"}),
        HEAD,
        "the brain",
        not_kinds=frozenset({"localizer", "t2", "flair", "diffusion", "susceptibility", "perfusion"}),
        # Made from T1-weighted slices, whose echo is short (below 30 ms); that of T2 and FLAIR is 80 ms and more.
        longest_echo_ms=50.0,
    ),
}


def model_for(modality: str) -> str | None:
    """The model that reads objects of a modality, None when there is none."""
    return next((name for name, suited in SUITED.items() if modality in suited.modalities), None)


def unsuitable(shown: Shown, *, model: str = CHEST_MODEL) -> str:
    """Why `model` may not read such an object; '' when it may. What the modality left out refuses nothing."""
    suited = SUITED[model]
    if model_for(shown.modality) is None:
        return f"cannot assess: no model reads modality {shown.modality}"
    other = next((kind for kind in shown.kinds if kind in suited.not_kinds), "")
    echo, longest = shown.echo_ms, suited.longest_echo_ms
    whys = (
        (shown.modality not in suited.modalities, f"{model} does not read modality {shown.modality}"),
        (
            bool(shown.body_part) and shown.body_part.upper() not in suited.body_parts,
            f"the picture shows {shown.body_part.lower()}, not {suited.shows}",
        ),
        (shown.view.upper() in LATERAL, "a lateral view; the model was made from frontal films"),
        (shown.frames > 1 and model == CHEST_MODEL, f"{shown.frames} frames; a film is one picture"),
        (bool(other), f"the series is described as {other}, which {model} was not made from"),
        (
            bool(suited.planes) and bool(shown.plane) and shown.plane not in suited.planes,
            f"the slice is {shown.plane}; {model} was made from {' and '.join(sorted(suited.planes))} ones",
        ),
        (
            echo is not None and longest is not None and echo > longest,
            f"echo time {echo} ms, which is not T1-weighted; {model} was made from T1-weighted slices",
        ),
    )
    why = next((why for wrong, why in whys if wrong), "")
    return f"cannot assess: {why}" if why else ""


def plane(orientation: object) -> str:
    """Image Orientation (Patient) → sagittal, coronal, axial or oblique; '' where it is none."""
    if not isinstance(orientation, Sequence) or len(orientation) != 6:  # noqa: PLR2004 - VM 6
        return ""
    try:
        cosines = np.array([float(one) for one in orientation])
    except (TypeError, ValueError):
        return ""
    normal = np.abs(np.cross(cosines[:3], cosines[3:]))
    length = float(np.linalg.norm(normal))
    if not np.isfinite(length) or length == 0:
        return ""
    axis = int(normal.argmax())
    return PLANES[axis] if normal[axis] / length > ALONG else "oblique"


def _said(attributes: Attributes, name: str, sequence: str) -> object:
    """An attribute; of an enhanced object what its frames have in common, else its first frame's (PS3.3 C.7.6.16)."""
    if (own := attributes.get(name)) is not None:
        return own
    for groups in ("SharedFunctionalGroupsSequence", PER_FRAME):
        for group in _first(attributes.get(groups)):
            for item in _first(group.get(sequence)):
                if (found := item.get(name)) is not None:
                    return found
    return None


def _first(sequence: object) -> list[Attributes]:
    """The first item of a sequence, or none."""
    return list(cast("Sequence[Attributes]", sequence or ()))[:1]


def _number(value: object) -> float | None:
    try:
        found = float(str(value))
    except ValueError:
        return None
    return found if np.isfinite(found) else None
