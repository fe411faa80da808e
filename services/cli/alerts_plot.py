"""The trade-off curve as a picture: alarms against what they find and how many are right, with their uncertainty."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from services.cli.alerts_budget import Point
from services.cli.alerts_measures import Share


def draw(points: Sequence[Point], best: Point | None, budget: float, path: Path) -> None:
    """To a PNG or SVG by its ending; raises OSError, and ValueError for another ending."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.add_subplot()
    points = sorted(points, key=lambda p: (p.per_nurse_shift, -p.threshold))
    alarms = [p.per_nurse_shift for p in points]
    for name, colour, style, shares in (
        ("right (PPV)", "#0072b2", "-", [p.ppv for p in points]),
        ("found", "#d55e00", "--", [p.found for p in points]),
    ):
        told = [(x, s.value, s.bounds) for x, s in zip(alarms, shares, strict=True) if s.bounds and s.value is not None]
        x = [one[0] for one in told]
        axes.plot(x, [one[1] for one in told], style, color=colour, label=name)
        axes.fill_between(x, [b[0] for _, _, b in told], [b[1] for _, _, b in told], color=colour, alpha=0.15)
    axes.axvline(budget, color="#555555", linestyle=":", label=f"budget {budget:g}")
    if best is not None:
        label = f"threshold {best.threshold:.3f}: {_words(best.ppv)} right, {_words(best.found)} found"
        axes.axvline(best.per_nurse_shift, color="#009e73", label=label)
    axes.set(xlabel="alarms per nurse and shift", ylabel="share (95 % interval)", ylim=(0, 1))
    axes.set_xlim(left=0)
    axes.legend(loc="best", frameon=False)
    figure.savefig(path)


def _words(share: Share) -> str:
    return "?" if share.value is None else f"{100 * share.value:.0f} %"
