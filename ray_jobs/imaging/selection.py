"""Which model reads which DICOM objects: by modality, body part, view, frames and words (PS3.3 C.7.3.1, C.8.1)."""

from dataclasses import dataclass
from typing import Final

LATERAL: Final = frozenset({"LL", "RL", "LATERAL", "LLD", "RLD", "LAT"})
CHEST: Final = frozenset({"CHEST", "THORAX", "LUNG", "LUNGS"})
HEAD: Final = frozenset({"BRAIN", "HEAD", "SKULL"})
CHEST_MODEL: Final = "chest-pneumonia"
LUNG_MODEL: Final = "lung-ct"
BRAIN_MODEL: Final = "brain-mri"


@dataclass(frozen=True, slots=True)
class Suited:
    """What a model may read. `not_words`: series descriptions that name another kind of picture."""

    modalities: frozenset[str]
    body_parts: frozenset[str]
    shows: str
    not_words: tuple[str, ...] = ()


SUITED: Final = {
    CHEST_MODEL: Suited(frozenset({"CR", "DX"}), CHEST, "the chest"),
    LUNG_MODEL: Suited(frozenset({"CT"}), CHEST, "the chest", not_words=("scout", "topogram", "cor", "sag")),
    BRAIN_MODEL: Suited(
        frozenset({"MR"}),
        HEAD,
        "the brain",
        not_words=("t2", "flair", "dwi", "adc", "swi", "diff", "perf", "localizer", "scout"),
    ),
}


def model_for(modality: str) -> str | None:
    """The model that reads objects of a modality, None when there is none."""
    return next((name for name, suited in SUITED.items() if modality in suited.modalities), None)


def unsuitable(
    modality: str,
    body_part: str | None,
    view: str | None,
    frames: int,
    *,
    model: str = CHEST_MODEL,
    description: str = "",
) -> str:
    """Why `model` may not read such an object; '' when it may.

    A body part, view or series description that the modality left out refuses nothing: the look decides then.
    """
    suited = SUITED[model]
    if model_for(modality) is None:
        return f"cannot assess: no model reads modality {modality}"
    if modality not in suited.modalities:
        return f"cannot assess: {model} does not read modality {modality}"
    if body_part and body_part.upper() not in suited.body_parts:
        return f"cannot assess: the picture shows {body_part.lower()}, not {suited.shows}"
    if view and view.upper() in LATERAL:
        return "cannot assess: a lateral view; the model was made from frontal films"
    if frames > 1:
        return f"cannot assess: {frames} frames; objects of one film or one slice are read"
    words = description.lower().replace("_", " ").replace("-", " ").split()
    other = next((word for word in words if word.startswith(suited.not_words)), "") if suited.not_words else ""
    return f"cannot assess: the series is described as {other}, which {model} was not made from" if other else ""
