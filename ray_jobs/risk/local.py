"""The one definition of a risk model's answer: behind Ray Serve, in a process of its own, and offline."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ray_jobs import registry, wire
from ray_jobs.risk.booster import Floats
from ray_jobs.risk.names import FEATURES, features_sha
from ray_jobs.risk.trees import Trees


class MismatchError(ValueError):
    """The caller holds another version of the model or of the features."""


class Scorer:
    """A loaded risk model."""

    def __init__(self, name: str, models: Path | None = None) -> None:
        """Load and check a model of kind "trees"; raises RegistryError."""
        model = registry.load_model(name, models)
        card = model.card
        if card.kind != "trees" or card.calibration is None:
            raise registry.RegistryError(f"model {name}: kind {card.kind} cannot be scored here")
        if card.features_sha != features_sha():
            raise registry.RegistryError(
                f"model {name}: was trained on other features ({card.features_sha[:12]}…) than this version "
                f"computes ({features_sha()[:12]}…); train it again, or use the release it came with"
            )
        self.card = card
        self.trees = Trees(model.file("model.txt"), slope=card.calibration.slope, intercept=card.calibration.intercept)

    def probability(self, rows: Floats, *, threads: int = 1) -> Floats:
        """Calibrated probability, float64 [n], of feature rows [n, len(FEATURES)]."""
        return self.trees.probability(rows, threads=threads)

    def infer(self, message: wire.Message) -> wire.Message:
        """Answer {"rows": float64 [n, f]} with {"probability": float64 [n]} (brief of the wire: `ray_jobs.wire`).

        With "explain_above", a level for each row (float64 [n], infinite: never) or one for all in the metadata, also
        {"explained": int64 [m], "contributions": float64 [m, f]} (TreeSHAP, log-odds before calibration) for the rows
        whose probability is at least that. Metadata "version" and "features", where given, must be those of the model
        (MismatchError). Raises WireError.
        """
        self._check(message.metadata)
        rows = np.asarray(wire.tensor(message, "rows", np.float64, (None, len(FEATURES))), dtype=np.float64)
        probability = self.probability(rows)
        tensors: wire.Tensors = {"probability": probability}
        levels = _levels(message, len(rows))
        if levels is not None:
            explained = np.flatnonzero(probability >= levels)
            tensors |= {"explained": explained, "contributions": self.trees.contributions(rows[explained])}
        return wire.Message(tensors, {"model": self.card.name, "version": self.card.version})

    def _check(self, metadata: dict[str, str]) -> None:
        for what, held in (("version", self.card.version), ("features", self.card.features_sha)):
            wanted = metadata.get(what, held)
            if wanted != held:
                raise MismatchError(f"model {self.card.name}: {what} asked for is {wanted}, served is {held}")


def _levels(message: wire.Message, count: int) -> Floats | None:
    """The probability from which each row is to be explained, or None when nothing is."""
    if "explain_above" in message.tensors:
        return np.asarray(wire.tensor(message, "explain_above", np.float64, (count,)), dtype=np.float64)
    text = message.metadata.get("explain_above")
    if text is None:
        return None
    try:
        return np.full(count, float(text))
    except ValueError:
        raise wire.WireError(f"metadata explain_above is {text!r}, wanted a number") from None
