"""Which model reads an image object, and which objects none may read: modality, body part, view and frames (PS3.3)."""

from typing import Final

from schemas.events import ImagingInstanceStored

FILM_MODALITIES: Final = frozenset({"CR", "DX"})
CHEST: Final = frozenset({"CHEST", "THORAX", "LUNG", "LUNGS"})
LATERAL: Final = frozenset({"LL", "RL", "LATERAL", "LLD", "RLD", "LAT"})
CHEST_MODEL: Final = "chest-pneumonia"


def model_for(event: ImagingInstanceStored) -> tuple[str, str]:
    """The model for this object, and why it may not read it ('' when it may).

    A body part or view that the modality left out refuses nothing here: the film's own look decides then.
    """
    if event.modality not in FILM_MODALITIES:
        return CHEST_MODEL, f"cannot assess: no model reads modality {event.modality}"
    if event.body_part and event.body_part.upper() not in CHEST:
        return CHEST_MODEL, f"cannot assess: the film shows {event.body_part.lower()}, not the chest"
    if event.view and event.view.upper() in LATERAL:
        return CHEST_MODEL, "cannot assess: a lateral view; the model was made from frontal films"
    if event.frames > 1:
        return CHEST_MODEL, f"cannot assess: {event.frames} frames; a film has one"
    return CHEST_MODEL, ""
