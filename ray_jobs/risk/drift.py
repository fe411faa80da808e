"""How far what a model meets today lies from what it was made with: pure mathematics, numpy only.

Population stability index: Yurdakul, Statistical Properties of Population Stability Index (Western Michigan University
2018, dissertation 3208): under no change nm/(n+m) PSI is about chi-squared with bins - 1 degrees of freedom. Hours of
one patient resemble each other, so counts are divided by a design effect (Rao & Scott, J Am Stat Assoc 1981;76:221).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

LOGIT_EDGES: Final[Floats] = np.linspace(-9.0, 6.0, 76)
"""Probabilities are counted in bins of 0.2 log-odds."""
PROBABILITY_EDGES: Final[Floats] = 1 / (1 + np.exp(-LOGIT_EDGES))
_MIDDLES: Final[Floats] = np.concatenate([[-9.1], (LOGIT_EDGES[1:] + LOGIT_EDGES[:-1]) / 2, [6.1]])
MIDDLES: Final[Floats] = 1 / (1 + np.exp(-_MIDDLES))
"""The probability that stands for each bin."""


def bin_counts(values: Floats, edges: Floats) -> Counts:
    """Values by bin, int64 [edges + 1]: bin i holds edges[i-1] < value <= edges[i]. NaN is not counted."""
    known = values[~np.isnan(values)]
    counts: Counts = np.bincount(np.searchsorted(edges, known, side="left"), minlength=len(edges) + 1)
    return counts


def quantile_edges(values: Floats, parts: int = 10) -> Floats:
    """Edges that part the known values into equal shares; fewer where many values are equal, and a bin never empty."""
    known = values[~np.isnan(values)]
    # The largest value is no edge: nothing would lie above it.
    edges: Floats = np.unique(np.quantile(known, np.arange(1, parts) / parts, method="inverted_cdf"))
    inside: Floats = edges[edges < known.max()]
    return inside


def psi(counts: Counts, shares: Floats, count: float, reference_count: float) -> float:
    """Population stability index: sum over bins of (p - q) ln(p / q). `count`s are effective ones.

    An empty bin counts as half an independent reading, or as what was expected in it where that is less; so too in the
    reference. NaN without any reading.
    """
    n = float(counts.sum())
    if n == 0 or count <= 0:
        return math.nan
    q = np.maximum(shares, 0.5 / reference_count)
    p = np.maximum(counts / n, np.minimum(0.5 / count, q))
    return float(np.sum((p - q) * np.log(p / q)))


def psi_by_chance(bins: int, count: float, reference_count: float, chance: Chance) -> float:
    """The index that unchanged data exceeds with this chance; counts are effective ones."""
    if count <= 0:
        return math.inf
    return chi_squared(1 - chance.exceeded_in, bins - 1) * (1 / count + 1 / reference_count) * chance.few**2


@dataclass(frozen=True, slots=True)
class Chance:
    """How rarely unchanged data may pass a limit, and from how many patients it comes: few give a wider limit."""

    exceeded_in: float
    patients: int

    @property
    def normal(self) -> float:
        """The standard deviations that a normal variable exceeds on either side with this probability in all."""
        return NormalDist().inv_cdf(1 - self.exceeded_in / 2)

    @property
    def few(self) -> float:
        """Student's t over the normal quantile, patients - 1 degrees of freedom (Gaver & Kafadar, Am Stat 1984;38:308).

        A variance estimated from few patients is itself uncertain; below five patients nothing can be said.
        """
        if self.patients < 5:  # noqa: PLR2004 - the approximation ends there
            return math.inf
        n, z = self.patients - 1, self.normal
        return math.sqrt(n * math.expm1((n - 1.5) / (n - 1) ** 2 * z * z)) / z


def chi_squared(probability: float, freedom: int) -> float:
    """Quantile of chi-squared (Wilson & Hilferty, PNAS 1931;17:684); within 6 %."""
    if freedom < 1:
        return 0.0
    if freedom == 1:
        return NormalDist().inv_cdf((1 + probability) / 2) ** 2
    if freedom == 2:  # noqa: PLR2004 - an exponential
        return -2 * math.log1p(-probability)
    z = NormalDist().inv_cdf(probability)
    part = 2 / (9 * freedom)
    return float(freedom * (1 - part + z * math.sqrt(part)) ** 3)


def ks(counts: Counts, shares: Floats) -> float:
    """Kolmogorov-Smirnov distance seen at the bins' edges: a lower bound of the distance. NaN without any reading."""
    n = counts.sum()
    return float(np.max(np.abs(np.cumsum(counts) / n - np.cumsum(shares)))) if n else math.nan


def median(counts: Counts, edges: Floats) -> float:
    """The median by interpolation within its bin; an outermost bin gives its edge. NaN without any reading."""
    n = counts.sum()
    if n == 0 or len(edges) == 0:
        return math.nan
    reached = np.cumsum(counts)
    i = int(np.searchsorted(reached, n / 2))
    if i == 0 or i >= len(edges):
        return float(edges[0 if i == 0 else -1])
    share = (n / 2 - reached[i - 1]) / counts[i]
    return float(edges[i - 1] + share * (edges[i] - edges[i - 1]))


def correlation(bins: NDArray[np.int64], groups: NDArray[np.int64]) -> float:
    """How alike the bins of one group's values are, 0 to 1: intraclass correlation by analysis of variance.

    Pooled over the bins' indicators (Donner, Int Stat Rev 1986;54:67). `bins` and `groups` int64 [n].
    """
    codes, group = np.unique(groups, return_inverse=True)
    n, many = len(bins), len(codes)
    if many < 2 or n <= many:  # noqa: PLR2004 - no variance between or within
        return 0.0
    width = int(bins.max()) + 1
    table = np.bincount(group * width + bins, minlength=many * width).reshape(many, width).astype(np.float64)
    sizes = table.sum(axis=1)
    explained = float(np.sum(table**2 / sizes[:, None]))
    between = (explained - float(np.sum(table.sum(axis=0) ** 2)) / n) / (many - 1)
    within = (n - explained) / (n - many)
    size = (n - float(np.sum(sizes**2)) / n) / (many - 1)
    total = between + (size - 1) * within
    return min(1.0, max(0.0, (between - within) / total)) if total > 0 else 0.0


def effective(count: float, squares: float, alike: float) -> float:
    """How many independent values `count` values are worth (Kish's design effect).

    `squares` is the sum over patients of their squared counts, `alike` the correlation within a patient.
    """
    return count / (1 + max(0.0, squares / count - 1) * alike) if count > 0 else 0.0


def log_odds_ratio(hits: float, count: float, share: float) -> float:
    """Log-odds of a share against the reference's; half a case is added to each side (Haldane), so it is finite."""
    q = min(max(share, 0.5 / max(count, 1)), 1 - 0.5 / max(count, 1))
    return math.log((hits + 0.5) / (count - hits + 0.5)) - math.log(q / (1 - q))


def log_odds_by_chance(share: float, count: float, chance: Chance) -> float:
    """The size of that difference which unchanged data exceeds with this chance; `count` is an effective one."""
    if count <= 0:
        return math.inf
    q = min(max(share, 0.5 / count), 1 - 0.5 / count)
    return chance.normal * chance.few / math.sqrt(count * q * (1 - q)) if 0 < q < 1 else math.inf


def times_by_chance(expected: float, chance: Chance, *, fewer: bool) -> float:
    """How many times more, or fewer, than `expected` events chance gives: the root of a count has variance 1/4.

    Infinite where chance may give none at all.
    """
    if expected <= 0:
        return math.inf
    a = chance.normal * chance.few / 2 / math.sqrt(expected)
    if not fewer:
        return (1 + a) ** 2
    return (1 - a) ** -2 if a < 1 else math.inf


def auroc(positive: Floats, negative: Floats) -> float:
    """Area under the ROC curve of binned scores, ties half; weights by bin, lowest score first. NaN if one is empty."""
    below = np.cumsum(negative) - negative
    pairs = float(positive.sum() * negative.sum())
    return float(np.sum(positive * (below + negative / 2))) / pairs if pairs > 0 else math.nan


def expected_auroc(counts: Counts) -> float:
    """The AUROC that calibrated probabilities promise, without labels: confidence-based performance estimation.

    Each forecast counts as p positives and 1 - p negatives (NannyML; Bialek et al., arXiv 2401.08348). `counts` are
    by bin of PROBABILITY_EDGES. Blind to concept drift: where probabilities are no longer true, so is this.
    """
    return auroc(counts * MIDDLES, counts * (1 - MIDDLES))


def auroc_error(area: float, positives: float, negatives: float) -> float:
    """Standard error of an AUROC (Hanley & McNeil, Radiology 1982;143:29); counts are effective ones."""
    if min(positives, negatives) < 1:
        return math.inf
    q1, q2 = area / (2 - area), 2 * area * area / (1 + area)
    spread = area * (1 - area) + (positives - 1) * (q1 - area**2) + (negatives - 1) * (q2 - area**2)
    return math.sqrt(max(0.0, spread) / (positives * negatives))


def merged(shares: Floats, least: float = 0.1) -> NDArray[np.int64]:
    """Neighbouring bins joined until each holds at least this share: the joined bin of each bin, int64 [bins]."""
    joined, held, out = 0, 0.0, []
    for left, share in zip(1 - np.cumsum(shares), shares, strict=True):
        out.append(joined)
        held += float(share)
        if held >= least and left >= least:
            joined, held = joined + 1, 0.0
    return np.array(out, dtype=np.int64)
