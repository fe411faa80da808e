"""The one definition of a risk model's answer: behind Ray Serve, in a process of its own, and offline."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ray_jobs import registry, wire
from ray_jobs.risk.blend import Blend, logistic
from ray_jobs.risk.booster import BoosterError, Floats
from ray_jobs.risk.factors import factors
from ray_jobs.risk.feature_sets import FEATURE_SETS, FeatureSet
from ray_jobs.risk.nets import NetsError


class MismatchError(ValueError):
    """The caller holds another version of the model or of the features."""


class Scorer:
    """A loaded risk model."""

    def __init__(self, name: str, models: Path | None = None, *, held_out: bool = False) -> None:
        """Load and check a risk model; with `held_out` its members that never saw the outer fold (to measure, only).

        Raises RegistryError.
        """
        model = registry.load_model(name, models)
        card = model.card
        if card.task != "risk" or card.calibration is None or card.feature_set not in FEATURE_SETS:
            raise registry.RegistryError(f"model {name}: kind {card.kind} cannot be scored here")
        self.features: FeatureSet = FEATURE_SETS[card.feature_set]
        if card.features_sha != self.features.sha:
            raise registry.RegistryError(
                f"model {name}: was trained on other features ({card.features_sha[:12]}…) than this version "
                f"computes ({self.features.sha[:12]}…); train it again, or use the release it came with"
            )
        self.card = card
        try:
            self.blend = Blend(model.folder, card.members, card.calibration, held_out=held_out)
        except (BoosterError, NetsError, ValueError) as error:
            raise registry.RegistryError(f"model {name}: {error}") from error
        if self.blend.width != len(self.features.features):
            raise registry.RegistryError(
                f"model {name}: its weights are for {self.blend.width} features, not {len(self.features.features)}"
            )

    def probability(self, rows: Floats, *, threads: int = 1) -> Floats:
        """Calibrated probability, float64 [n], of feature rows [n, len(self.features.features)]."""
        return self.blend.probability(rows, threads=threads)

    def explain(self, row: Floats) -> tuple[Floats, Floats]:
        """What each factor does to the forecast of a row [f]: contributions and probabilities without it, float64 [k].

        A contribution is the log-odds of the row minus those of the row with all features of the factor unknown: > 0
        where knowing it raises the risk. Factors and their order: `ray_jobs.risk.factors`.
        """
        changed, rows = factors(self.card.feature_set).told(row)
        scored = self.blend.raw(np.vstack([row[None, :], rows]))
        without = np.full(len(changed), scored[0])
        without[changed] = scored[1:]
        return scored[0] - without, logistic(without)

    def infer(self, message: wire.Message) -> wire.Message:
        """Answer {"rows": float64 [n, f]} with {"probability": float64 [n]} (brief of the wire: `ray_jobs.wire`).

        With "explain_above", a level for each row (float64 [n], infinite: never) or one for all in the metadata, also
        {"explained": int64 [m], "contributions": float64 [m, k], "without": float64 [m, k]} (see `explain`) for the
        rows whose probability is at least that. Metadata "version" and "features", where given, must be those of the
        model (MismatchError). Raises WireError.
        """
        self._check(message.metadata)
        width = len(self.features.features)
        rows = np.asarray(wire.tensor(message, "rows", np.float64, (None, width)), dtype=np.float64)
        probability = self.probability(rows)
        tensors: wire.Tensors = {"probability": probability}
        levels = _levels(message, len(rows))
        if levels is not None:
            explained = np.flatnonzero(probability >= levels)
            told = [self.explain(rows[i]) for i in explained]
            shape = (len(told), len(factors(self.card.feature_set).names))
            tensors["explained"] = explained
            tensors["contributions"] = np.array([contributions for contributions, _ in told]).reshape(shape)
            tensors["without"] = np.array([without for _, without in told]).reshape(shape)
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
