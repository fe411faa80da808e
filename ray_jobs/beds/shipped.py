"""What many locations taught about how beds move: effects of holidays, and one regression a horizon (weights as JSON).

Learnt by `wardwatch beds train`; `ray_jobs/models/beds-daily/card.md` says from what, and how good it is.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ray_jobs.beds.holidays import EFFECTS
from ray_jobs.beds.moves import FEATURES

if TYPE_CHECKING:
    from numpy.typing import NDArray

FILE = Path(__file__).parents[1] / "models" / "beds-daily" / "weights.json"
HORIZON = 28
"""Days ahead that have a regression of their own; later ones start from the last."""


@dataclass(frozen=True, slots=True)
class Weights:
    """`holiday` [effects of `EFFECTS`], log of beds; `scale` [features] of `FEATURES`; `move` [28, features] (levels).

    `move` applies to features divided by `scale`.
    """

    holiday: "NDArray[np.float64]"
    scale: "NDArray[np.float64]"
    move: "NDArray[np.float64]"
    version: str


@lru_cache(maxsize=1)
def shipped() -> Weights:
    """The weights that the release carries; raises ValueError when the file is not of this version of the code."""
    return read_weights(FILE)


def read_weights(path: Path) -> Weights:
    """Read a weights file; raises OSError, or ValueError naming what does not fit."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if list(told["holiday"]) != list(EFFECTS) or list(told["scale"]) != list(FEATURES):
            msg = "its effects or features are not those of this version"
            raise ValueError(msg)
        holiday, scale = (np.array(list(told[part].values()), dtype=np.float64) for part in ("holiday", "scale"))
        move = np.array(told["move"], dtype=np.float64)
        if move.shape != (HORIZON, len(FEATURES)) or not all(np.isfinite(a).all() for a in (holiday, scale, move)):
            msg = f"move must be {HORIZON} rows of {len(FEATURES)} finite numbers"
            raise ValueError(msg)
        return Weights(holiday, scale, move, str(told["version"]))
    except (KeyError, TypeError, ValueError) as e:
        msg = f"{path}: {e}; restore it from the release or run `wardwatch beds train`"
        raise ValueError(msg) from e


def write_weights(path: Path, weights: Weights) -> None:
    """Write a weights file, numbers to six digits."""
    told = {
        "version": weights.version,
        "holiday": {name: _digits(v) for name, v in zip(EFFECTS, weights.holiday, strict=True)},
        "scale": {name: _digits(v) for name, v in zip(FEATURES, weights.scale, strict=True)},
        "move": [[_digits(v) for v in row] for row in weights.move],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _digits(value: float) -> float:
    return float(f"{value:.6g}")
