"""Figures as rows of text: one table for the terminal, the card and the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from ray_jobs.risk.evaluation.musts import Must, musts

if TYPE_CHECKING:
    from rich.table import Table

HOURLY: Final[Mapping[str, str]] = {
    "auroc": "AUROC, all hours",
    "auroc_until_onset": "AUROC, hours before onset",
    "auprc": "AUPRC",
    "utility": "Utility of the challenge at the hourly alarm",
    "accuracy": "Accuracy at the hourly alarm",
    "precision": "Precision",
    "recall": "Recall",
    "specificity": "Specificity",
    "f1": "F1",
    "ppv_at_budget": "PPV at 1 alarm in 12 bed-days (24 h silence)",
    "found_at_budget": "Septic patients found by those alarms",
    "found_at_budget_later_onset": "… of those not labelled at their first hour",
    "ppv_live": "PPV of live alerts, at the alert threshold",
    "found_live": "Septic patients found by live alerts",
    "alerts_in_12_bed_days_live": "Live alerts in 12 bed-days",
}
ONCE: Final[Mapping[str, str]] = {
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "event1": "Event 1 (lesser of sensitivity and PPV) at the alarm",
    "accuracy": "Accuracy at the alarm",
    "precision": "Precision",
    "recall": "Recall",
    "specificity": "Specificity",
    "f1": "F1",
}
Row = tuple[str, ...]
SMALL: Final = 0.1


def parts_of(figures: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The measured parts, by key."""
    return {key: value for key, value in figures.items() if isinstance(value, dict)}


def head(parts: Mapping[str, Mapping[str, Any]]) -> Row:
    """The title of each part: where, which hospital, how many patients."""
    return ("", *(f"{part_title(key)} ({part['patients']:,} patients)" for key, part in parts.items()))


def part_title(key: str) -> str:
    """A part's key in words."""
    where, _, hospital = key.partition("_")
    return f"{where}, hospital {hospital.upper()}" if hospital else where


def rows(parts: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    """A row for each figure that all parts have."""
    titles = HOURLY if any("utility" in part for part in parts.values()) else ONCE
    told: list[Row] = [
        (title, *(interval_text(part[key]) for part in parts.values()))
        for key, title in titles.items()
        if all(key in part for part in parts.values())
    ]
    calibrations = [part["calibration"] for part in parts.values()]
    told.append(("Calibration slope", *(f"{c['slope']:.2f}" for c in calibrations)))
    told.append(("Calibration error (10 equal-count bins)", *(f"{c['ece']:.4f}" for c in calibrations)))
    ratios = (numbers_text(c["observed_expected_top_twentieths"]) for c in calibrations)
    told.append(("Observed/expected, five highest twentieths", *ratios))
    return told


def must_rows(told: Iterable[Must]) -> list[Row]:
    """Figure, what it must reach, the aim, what was measured, and whether that is met."""
    return [
        (
            f"{must.wanted.title} ({part_title(must.wanted.part)})",
            _must(must),
            "" if must.wanted.aim is None else f"{must.wanted.aim:g}",
            _measured(must),
            "yes" if must.met else "**no**",
        )
        for must in told
    ]


def interval_text(figure: Mapping[str, float]) -> str:
    """0.855 (0.841 to 0.869)."""
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"


def numbers_text(values: Iterable[float]) -> str:
    """1.00, 1.22, 1.37."""
    return ", ".join(f"{value:.2f}" for value in values)


def markdown(title: Row, body: Iterable[Row]) -> str:
    """A table in Markdown."""
    lines = [title, ("---",) * len(title), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def table(figures: Mapping[str, Any]) -> Table:
    """The table for the terminal: what must be reached, then every figure of every part."""
    from rich.table import Table

    parts = parts_of(figures)
    shown = Table(*head(parts), title=f"{figures['model']} {figures['version']}, 95 % intervals over patients")
    for line in rows(parts):
        shown.add_row(*line)
    shown.add_section()
    for title, wanted, aim, measured, met in must_rows(musts(figures)):
        said = "met" if met == "yes" else "[bold red]missed[/]"
        shown.add_row(title, f"{measured}: {said} (must {wanted}{f', aim {aim}' if aim else ''})")
    return shown


def _must(must: Must) -> str:
    least, most = must.wanted.least, must.wanted.most
    if least is None:
        return f"≤ {most:g}"
    return f"≥ {least:g}" if most is None else f"{least:g} to {most:g}"


def _measured(must: Must) -> str:
    # Small bounds need a digit more, that a value just beyond is not rounded onto them.
    digits = 4 if must.wanted.most is not None and must.wanted.most < SMALL else 3
    text = f"{must.values[0]:.{digits}f}" if len(must.values) == 1 else numbers_text(must.values)
    return text if must.low is None or must.high is None else f"{text} ({must.low:.3f} to {must.high:.3f})"
