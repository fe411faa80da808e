"""The page of an imaging model in docs/models: what was wanted, what was measured, curves. Written by the program."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ray_jobs.registry import Card

MUSTS: Final[Mapping[str, Mapping[str, tuple[float, float]]]] = {
    "chest-pneumonia": {
        "accuracy": (0.94, 0.96), "auroc": (0.985, 0.99), "recall": (0.97, 0.97), "specificity": (0.88, 0.88),
        "auroc bacterial or viral": (0.93, 0.95),
    },
    "lung-ct": {
        "malignant auroc": (0.95, 0.97), "malignant recall": (0.85, 0.90), "malignant precision": (0.87, 0.92),
        "malignant accuracy": (0.88, 0.92),
    },
    "brain-mri": {"3-class accuracy": (0.92, 0.95), "3-class macro f1": (0.90, 0.93)},
}  # fmt: skip
"""By model and figure: what it must reach, and what is aimed at."""
CURVES: Final = {
    "roc": "Recall against false calls at every threshold.",
    "reliability": "What was said against what was found; a model of several kinds: of the kind it said.",
    "confusion": "Truth in rows, reading in columns.",
    "referral": "The error of what is left when the least certain go to a person.",
}


def write_page(card: Card, report: Mapping[str, Any], folder: Path) -> Path:
    """`folder`/MODEL.md beside the curves in `folder`/MODEL/; returns the page."""
    wanted = MUSTS.get(card.name, {})
    rows = []
    for name, row in report["outer"].items():
        must, aim = wanted.get(name, (None, None))
        met = "" if must is None else ("reached" if row["value"] >= must else "**missed**")
        goal = "" if must is None else f"{must:g} (aim {aim:g})"
        rows.append(f"| {name} | {row['value']:.3f} | {row['low']:.3f} to {row['high']:.3f} | {goal} | {met} |")
    pictures = [
        f"![{name}]({card.name}/{name}.png)\n\n{said}"
        for name, said in CURVES.items()
        if (folder / card.name / f"{name}.png").exists()
    ]
    groups = "\n".join(f"| {name} | {value:.3f} |" for name, value in report["subgroups"].items())
    text = [
        f"# {card.name} {card.version}",
        (
            f"Reads one {card.task}. Preliminary, for a person to confirm; never a diagnosis by itself. "
            f"{card.population.setting.capitalize()}."
        ),
        (
            f"Written by `wardwatch imaging evaluate --model {card.name} --page docs/models`; data, recipe, doubt and "
            f"limits are on [the card](../../ray_jobs/models/{card.name}/card.md)."
        ),
        f"## Figures on {report['films']['outer']:,} pictures that the network had not seen",
        "| figure | value | 95 % over patients | must | |\n|---|---|---|---|---|\n" + "\n".join(rows),
        "## Subgroups",
        f"| what | value |\n|---|---|\n{groups}",
        "## Curves",
        *pictures,
        (
            f"Referred by the card's limits: {report['referred']:.1%}; of the rest {report['accuracy of the decided']} "
            "are right."
        ),
    ]
    path = folder / f"{card.name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n".join(text) + "\n", encoding="utf-8")
    return path
