"""The slice models: what each reads, from which set, and how its figures are held out; the code is shared."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ray_jobs.imaging.boxed import BoxedRecipe
from ray_jobs.imaging.crossfit import UpperRecipe
from ray_jobs.imaging.selection import BRAIN_MODEL, LUNG_MODEL
from ray_jobs.imaging.slices import BRAIN_CLASSES, LUNG_CLASSES, Slices, load_brain_slices, load_lung_slices


@dataclass(frozen=True, slots=True)
class Family:
    """One slice model. `finding` of several classes: which of them; of one: whether.

    `cross` True: figures from networks each of which saw four fifths; what ships is the first of them, or one that saw
    all where `whole`. False: fold 0 is kept for figures, fold 1 for calibration, the shipped weights see the rest.
    """

    task: str
    outcome: str
    classes: tuple[str, ...]
    finding: tuple[str, ...]
    load: Callable[[Path, Path], Slices]
    recipe: UpperRecipe | BoxedRecipe
    cross: bool
    setting: str
    source: str
    limits: tuple[str, ...]
    views: int = 4
    measured: int = 5
    """Folds of five that are trained for figures, each on the other four, where `cross`."""
    whole: bool = False
    bearing: bool = False
    """Whether which way up a slice is has to be learnt, because the distance of doubt does not tell it."""
    prepare: str = ""
    """What is done to a picture before the network sees it: a name of `body.PREPARATIONS`."""


FAMILIES: Final = {
    LUNG_MODEL: Family(
        task="axial CT slice of the chest: malignant or not, and whether benign or normal",
        outcome="malignant",
        classes=LUNG_CLASSES,
        finding=("malignant",),
        load=load_lung_slices,
        recipe=UpperRecipe(epochs=4),
        cross=True,
        prepare="body",
        setting="adults, two hospitals in Baghdad, one slice at a time as a picture",
        source="IQ-OTH/NCCD, Mendeley Data bhmdr45bh2, CC BY 4.0",
        limits=(
            "A slice is read by itself; a nodule in the next slice is not seen.",
            "Groups stand for patients and are derived, not published: a patient in two groups flatters the figures.",
            "Referral and the accuracy of the rest are with limits chosen on the same slices: slightly too good.",
            "Far above what others found by group (AUROC 0.912): expect less elsewhere.",
            (
                "What is not the patient is made black before the network sees it: in this set the air around the ill"
                " and the well differs. What differs inside the body by scanner remains (`ray_jobs.imaging.shortcuts`)."
            ),
            (
                "Heat is shown inside the body only, and points at the chest wall as often as at a mass: nothing shows"
                " that the network goes by the tumour. It stays silent until something does."
            ),
            "15 benign cases were open to their authors, 67 slices remain here: benign is shown, not to be relied on.",
        ),
    ),
    BRAIN_MODEL: Family(
        task="contrast-enhanced T1 slice of the brain with a tumour: glioma, meningioma or pituitary tumour",
        outcome="tumour type",
        classes=BRAIN_CLASSES,
        finding=BRAIN_CLASSES,
        load=load_brain_slices,
        recipe=BoxedRecipe(),
        cross=True,
        whole=True,
        bearing=True,
        views=1,
        setting="adults with a known tumour, two hospitals in Guangzhou and Tianjin",
        source="Cheng 2017, figshare 1512427, CC BY 4.0",
        limits=(
            "Every slice of the set shows a tumour: the model says which, never whether; no metastases.",
            "Referral and the accuracy of the rest are with limits chosen on the same slices: slightly too good.",
            "Refused are slices turned by quarters or stood on their heads, as often as the table under Doubt says.",
            "Patients are unknown in the open copy; whole runs of neighbouring slices are held out instead.",
        ),
    ),
}
