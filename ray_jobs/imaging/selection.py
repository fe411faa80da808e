"""Which DICOM objects a chest film model may read: by modality, body part, view and frames (PS3.3 C.7.3.1, C.8.1)."""

from typing import Final

FILM_MODALITIES: Final = frozenset({"CR", "DX"})
CHEST: Final = frozenset({"CHEST", "THORAX", "LUNG", "LUNGS"})
LATERAL: Final = frozenset({"LL", "RL", "LATERAL", "LLD", "RLD", "LAT"})
CHEST_MODEL: Final = "chest-pneumonia"


def unsuitable(modality: str, body_part: str | None, view: str | None, frames: int) -> str:
    """Why the chest film model may not read such an object; '' when it may.

    A body part or view that the modality left out refuses nothing: the film's own look decides then.
    """
    if modality not in FILM_MODALITIES:
        return f"cannot assess: no model reads modality {modality}"
    if body_part and body_part.upper() not in CHEST:
        return f"cannot assess: the film shows {body_part.lower()}, not the chest"
    if view and view.upper() in LATERAL:
        return "cannot assess: a lateral view; the model was made from frontal films"
    if frames > 1:
        return f"cannot assess: {frames} frames; a film has one"
    return ""
