"""Pictures of how an imaging model does: curves for its page, and a sheet of cases for the eyes of who may see them.

Curves show numbers only and are committed; a sheet of cases shows people's films and stays where it was made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from ray_jobs.figure_style import FAINT, INK, MODEL, QUIET, percent, picture

ACROSS: Final = 6
"""Cases of a row of the sheet."""
HOT: Final = np.array([255.0, 80.0, 0.0])


@dataclass(frozen=True, slots=True)
class Case:
    """A film uint8[h, w], the map over it float[7, 7] if there is one, and what is to be said below it."""

    film: npt.NDArray[np.uint8]
    heat: npt.NDArray[np.float32] | None
    said: str


def draw_curves(report: Mapping[str, Any], folder: Path) -> list[Path]:
    """roc.png, reliability.png, referral.png and confusion.png, as far as the report has their numbers."""
    made = [_referral(report, folder / "referral.png"), _confusion(report, folder / "confusion.png")]
    if report.get("roc"):
        made.append(_roc(report, folder / "roc.png"))
    if report.get("reliability"):
        made.append(_reliability(report, folder / "reliability.png"))
    return sorted(made)


def draw_cases(rows: Mapping[str, Sequence[Case]], path: Path) -> Path:
    """A row of films for each kind (right, wrong, refused …), with the map laid over each."""
    kinds = {kind: cases[:ACROSS] for kind, cases in rows.items() if cases}
    if not kinds:
        raise ValueError("there are no cases to show")
    with picture(path, 1.75 * ACROSS, 2.35 * len(kinds), nrows=len(kinds), ncols=ACROSS, squeeze=False) as (_, axes):
        for row, (kind, cases) in zip(axes, kinds.items(), strict=True):
            for place, one in enumerate(row):
                one.axis("off")
                if place < len(cases):
                    one.imshow(_laid_over(cases[place]))
                    one.set_title(cases[place].said, fontsize=7, fontweight="normal", pad=3, loc="center")
            row[0].text(-0.06, 0.5, kind, transform=row[0].transAxes, rotation=90, va="center", ha="right", color=INK)
    return path


def _laid_over(case: Case) -> npt.NDArray[np.uint8]:
    """The film with the upper half of its positive evidence in orange."""
    grey = np.repeat(case.film[..., None].astype(np.float64), 3, 2)
    if case.heat is None or case.heat.max() <= 0:
        return grey.astype(np.uint8)
    height, width = case.film.shape
    share = np.clip(case.heat / case.heat.max(), 0, 1).astype(np.float32)
    smooth = np.asarray(Image.fromarray(share).resize((width, height), Image.Resampling.BICUBIC), dtype=np.float64)
    weight = 0.45 * np.clip(2 * smooth - 1, 0, 1)[..., None]
    return (grey * (1 - weight) + HOT * weight).astype(np.uint8)


def _roc(report: Mapping[str, Any], path: Path) -> Path:
    points = np.array(report["roc"])
    name, auroc = next((name, row["value"]) for name, row in report["outer"].items() if name.endswith("auroc"))
    with picture(path) as (_, axes):
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1)
        axes.plot(points[:, 0], points[:, 1], color=MODEL, label=f"{name} {auroc:.3f}")
        axes.set(xlabel="1 - specificity", ylabel="recall", title="ROC", xlim=(-0.01, 1), ylim=(0, 1.01))
        axes.legend(loc="lower right")
    return path


def _reliability(report: Mapping[str, Any], path: Path) -> Path:
    points = np.array([row[:2] for row in report["reliability"]])
    with picture(path) as (_, axes):
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1)
        axes.plot(points[:, 0], points[:, 1], color=MODEL, marker="o", markersize=4)
        for said, found, count in report["reliability"]:
            axes.annotate(
                f"{count:,}", (said, found), xytext=(5, -9), textcoords="offset points", color=QUIET, fontsize=7
            )
        axes.set(xlabel="probability said", ylabel="share found", title="Reliability (films of each part beside it)")
    return path


def _referral(report: Mapping[str, Any], path: Path) -> Path:
    shares = {float(name.rstrip("%")) / 100: value for name, value in report["accuracy by share referred"].items()}
    with picture(path) as (_, axes):
        axes.plot(list(shares), [1 - value for value in shares.values()], color=MODEL, marker="o", markersize=4)
        axes.set(xlabel="share left to a person, the least certain first", ylabel="error of the rest")
        axes.set_title("Referral")
        axes.set_ylim(0, None)
        percent(axes.xaxis)
        percent(axes.yaxis)
    return path


def _confusion(report: Mapping[str, Any], path: Path) -> Path:
    cells = [(*name.replace(" called ", " read as ").split(" read as "), n) for name, n in report["confusion"].items()]
    truths, saids = list(dict.fromkeys(c[0] for c in cells)), list(dict.fromkeys(c[1] for c in cells))
    counts = np.zeros((len(truths), len(saids)))
    for truth, said, count in cells:
        counts[truths.index(truth), saids.index(said)] = count
    shares = counts / counts.sum(1, keepdims=True).clip(1)
    with picture(path, 4.6, 3.8) as (_, axes):
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1.3)
        axes.grid(visible=False)
        for (i, j), count in np.ndenumerate(counts):
            axes.text(j, i, f"{count:,.0f}\n{shares[i, j]:.0%}", ha="center", va="center", color=INK, fontsize=8)
        axes.set_xticks(range(len(saids)), saids)
        axes.set_yticks(range(len(truths)), truths)
        axes.set(xlabel="read as", ylabel="truth", title="Confusion")
    return path
