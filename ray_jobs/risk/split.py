"""Which patients a model may see: folds by a hash of the patient, so that no file order or run can move a patient."""

from __future__ import annotations

import hashlib
from typing import Final

SEED: Final = 2019
OUTER: Final = -1
OUTER_PARTS: Final = 5
FOLDS: Final = 5


def fold_of(patient: str) -> int:
    """OUTER (a fifth of the patients, for the final figures only) or an inner fold 0..4."""
    draw = int.from_bytes(hashlib.sha256(f"{SEED}/{patient}".encode()).digest()[:8])
    return OUTER if draw % OUTER_PARTS == 0 else draw // OUTER_PARTS % FOLDS
