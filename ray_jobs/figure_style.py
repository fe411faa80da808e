"""The house style of the pictures on a model's page: light, quiet, safe for the colour-blind (Okabe & Ito 2008).

Matplotlib is of the optional extra "train": it is imported when a picture is drawn, never before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, QUIET, FAINT, MODEL = "#1f2933", "#6b7785", "#d8dde3", "#0072b2"
# Each score keeps its colour and dash in every picture, so that one legend teaches all.
SCORES: Final[dict[str, tuple[str, Any]]] = {
    "news2": ("#d55e00", (0, (5, 1.5))),
    "qsofa": ("#009e73", (0, (1.5, 1.5))),
    "sirs": ("#cc79a7", (0, (5, 1.5, 1.5, 1.5))),
    "saps_i": ("#009e73", (0, (1.5, 1.5))),
    "sofa": ("#cc79a7", (0, (5, 1.5, 1.5, 1.5))),
}
SHORT: Final[dict[str, str]] = {"news2": "NEWS2", "qsofa": "qSOFA", "sirs": "SIRS", "saps_i": "SAPS-I", "sofa": "SOFA"}
DPI: Final = 120
STYLE: Final[dict[str, Any]] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlepad": 10,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
    "figure.facecolor": "white",
    "svg.hashsalt": "wardwatch",
}


@contextmanager
def picture(path: Path, width: float = 5.2, height: float = 4.2, **subplots: Any) -> Iterator[tuple[Figure, Any]]:  # noqa: ANN401 - matplotlib's own options
    """A figure and its axes in the house style, inches; written to `path` (PNG) when the block ends."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    parameters: Any = STYLE
    with mpl.rc_context(parameters):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure, figure.subplots(**subplots)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Without the version of the library, that the same figures give the same bytes.
        figure.savefig(path, dpi=DPI, metadata={"Software": None})


def percent(axis: Any) -> None:  # noqa: ANN401 - matplotlib's own type is private
    """Show shares as percentages on an axis (axes.xaxis or axes.yaxis), with as many digits as they need."""
    axis.set_major_formatter(lambda share, _: f"{100 * share:.3g}%")


def note(axes: Axes, x: float, y: float, text: str, colour: str = QUIET, **more: Any) -> None:  # noqa: ANN401 - matplotlib's own options
    """A word beside what it names, in data coordinates."""
    axes.annotate(
        text, (x, y), xytext=(4, 4), textcoords="offset points", color=colour, fontsize=8, annotation_clip=False, **more
    )
