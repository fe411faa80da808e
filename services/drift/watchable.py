"""The models that can be measured: those with a reference, and what on the bus tells their outcome."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from ray_jobs.registry import RegistryError, list_models, models_folder, sha256
from ray_jobs.risk import drift
from ray_jobs.risk.grid import COLUMNS, EXTRA_COLUMNS
from ray_jobs.risk.reference import NAME, ReadingReference, Reference, read
from schemas.codes import sepsis
from schemas.events import ConditionRecorded
from services.runtime import logs

Outcome = Literal["sepsis", "death"]
OUTCOMES: Final[Mapping[str, Outcome]] = {"sepsis": "sepsis", "deterioration": "death"}
"""What became of a patient, by model: a diagnosis of sepsis with its onset, or death at the end of the stay."""
RANGES: Final = {column.name: (column.low, column.high) for column in (*COLUMNS, *EXTRA_COLUMNS)}
_log = logs.get(__name__)


@dataclass(frozen=True)
class Watchable:
    """A version of a model with what it was made with."""

    model: str
    version: str
    horizon_hours: float | None
    reference: Reference

    @cached_property
    def readings(self) -> dict[str, ReadingReference]:
        """Its readings by name."""
        return {reading.name: reading for reading in self.reference.readings}

    @cached_property
    def joined(self) -> npt.NDArray[np.int64]:
        """The bins of probability, joined until each holds a tenth of the reference."""
        return drift.merged(np.array(self.reference.forecasts.shares))

    @property
    def outcome(self) -> Outcome | None:
        """What on the bus tells its outcome."""
        return OUTCOMES.get(self.model)

    def bin(self, reading: str, value: float) -> int:
        """The bin of a value; the last one is for values outside the grid's range."""
        edges = self.readings[reading].edges
        low, high = RANGES[reading]
        return bisect_left(edges, value) if low <= value <= high else len(edges) + 1


def probability_bin(probability: float) -> int:
    """The bin of a probability."""
    return bisect_left(_EDGES, probability)


_EDGES: Final[list[float]] = drift.PROBABILITY_EDGES.tolist()


def watchables(folder: Path | None = None) -> dict[str, Watchable]:
    """The models with a reference, by name. One that is not the released file is left out, and said."""
    found = {}
    for card in list_models(folder):
        if NAME not in card.files:
            continue
        path = (folder or models_folder()) / card.name
        try:
            reference = read(path)
            if reference is None or sha256(path / NAME) != card.files[NAME]:
                _log.error("not the reference that was released: restore it", model=card.name)
                continue
        except RegistryError as error:
            _log.error("reference cannot be read", model=card.name, error=str(error))
            continue
        found[card.name] = Watchable(card.name, card.version, card.horizon_hours, reference)
    return found


def is_sepsis(event: ConditionRecorded) -> bool:
    """Whether an active diagnosis is sepsis."""
    return event.active and sepsis.is_sepsis(event.system, event.code)
