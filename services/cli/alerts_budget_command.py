"""`wardwatch alerts budget`: from alarms that nurses can bear to the threshold and what it costs, before it is used."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.cli.alerts_budget import Course, Exposure, Point

NOT_OK, BAD_INPUT, NO_DEPENDENCY = 1, 2, 3
SHOWN = 20
"""Rows of the curve in the readable table."""


def budget(
    *,
    model: Annotated[str, typer.Option(help="sepsis or deterioration.")],
    ward: Annotated[str, typer.Option(help="The ward.")],
    per_nurse_shift: Annotated[float, typer.Option(min=0.0, help="Alarms that a nurse can bear in a shift.")],
    site: Annotated[str, typer.Option(help="The ward's site.")] = "main",
    nurses: Annotated[float | None, typer.Option(min=0.1, help="Nurses a shift; none: the ward's roster.")] = None,
    patients_per_nurse: Annotated[float | None, typer.Option(min=0.1, help="With --from: patients of a nurse.")] = None,
    table: Annotated[Path | None, typer.Option("--from", help="Parquet: patient, probability, outcome, hour.")] = None,
    policies: Annotated[Path | None, typer.Option(help="Policy file; none: that of the settings.")] = None,
    days: Annotated[int, typer.Option(min=1, help="The newest so many days of the log.")] = 30,
    plot: Annotated[Path | None, typer.Option(help="Draw the curve to this PNG or SVG.")] = None,
    apply_to: Annotated[Path | None, typer.Option("--apply", help="Write the levels into this policy file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """The threshold that keeps to so many alarms a nurse and shift; exit 1 when none does."""
    from services.cli.alerts_budget import chosen, curve, point
    from services.cli.alerts_policy import policies_of
    from services.drift.watchable import OUTCOMES

    if model not in OUTCOMES:
        _bad(f"--model {model}: only {', '.join(OUTCOMES)} raise alerts of their own")
    found = policies_of(policies)
    rule = next(r for name, r in found.of(site, ward).risks.items() if name == model)
    if table is not None:
        courses, exposure, floor = _table(table, model, patients_per_nurse)
    else:
        courses, exposure, floor = _log(model, site, ward, days, nurses)
    points = curve(courses, rule, exposure, floor=floor)
    best, now = chosen(points, per_nurse_shift), point(courses, rule, exposure, max(rule.amber, floor))
    if as_json:
        told = {
            "model": model, "site": site, "ward": ward, "alarms_per_nurse_shift": per_nurse_shift,
            "nurse_shifts": round(exposure.nurse_shifts, 2), "counted": exposure.counted, "stays": len(courses),
            "model_threshold": floor, "now": now.as_json(), "chosen": None if best is None else best.as_json(),
            "curve": [p.as_json() for p in points],
        }  # fmt: skip
        typer.echo(json.dumps(told, indent=1))
    else:
        _print(points, best, now, exposure, f"{model} on ward {ward} of {site}: {len(courses)} stays, ")
        if best is not None and best.threshold <= floor:
            typer.echo(f"the model itself never alarms below {floor:.4f}: the budget would bear more", err=True)
    if plot is not None:
        _draw(points, best, per_nurse_shift, plot)
    if best is None:
        typer.echo(f"no threshold keeps to {per_nurse_shift:g} alarms a nurse and shift", err=True)
        raise typer.Exit(NOT_OK)
    if apply_to is not None:
        _apply(apply_to, best.threshold, model=model, site=site, ward=ward, policies=policies)


def _bad(problem: str) -> NoReturn:
    typer.echo(problem, err=True)
    raise typer.Exit(BAD_INPUT)


def _table(path: Path, model: str, patients_per_nurse: float | None) -> "tuple[list[Course], Exposure, float]":
    from ray_jobs.registry import RegistryError, load_card
    from services.cli.alerts_budget import SHIFT_HOURS, Exposure
    from services.cli.alerts_courses import TableError, from_table

    if patients_per_nurse is None:
        _bad("--from needs --patients-per-nurse: a table of patient-hours does not say how many nurses there were")
    try:
        courses, hours = from_table(path)
        floor = load_card(model).alerts_at
    except (TableError, RegistryError) as error:
        _bad(str(error))
    shifts = hours / SHIFT_HOURS / patients_per_nurse
    return courses, Exposure(shifts, f"{hours:g} patient-hours, {patients_per_nurse:g} patients a nurse"), floor


def _log(model: str, site: str, ward: str, days: int, nurses: float | None) -> "tuple[list[Course], Exposure, float]":
    from services.cli.alerts_budget import shifts
    from services.cli.alerts_courses import from_log, rostered
    from services.cli.alerts_log import opened, read

    with opened() as reader:
        given = read(reader, model, site=site, ward=ward, days=days, scores=False)
        each = nurses if nurses is not None else rostered(reader, site, ward)
    courses, floor, span = from_log(given, model, ward)
    if given.refused:
        typer.echo(f"{given.refused} events could not be read and are not counted", err=True)
    if span is None or span[0] == span[1]:
        typer.echo(f"no forecasts of {model} on ward {ward} of {site} in {days} days: nothing to measure", err=True)
        raise typer.Exit(NOT_OK)
    if each is None:
        _bad(f"no roster of ward {ward} in the log: say --nurses N (how many work in a shift)")
    return courses, shifts(*span, each), floor


def _print(points: "Sequence[Point]", best: "Point | None", now: "Point", exposure: "Exposure", what: str) -> None:
    from rich.console import Console
    from rich.table import Column, Table

    typer.echo(f"{what}{exposure.nurse_shifts:.1f} nurse-shifts ({exposure.counted})")
    titles = ("", "threshold", "alarms", "per nurse and shift", "right (PPV, 95 %)", "found (95 %)")
    table = Table(*(Column(title, no_wrap=True) for title in titles), box=None)
    step = max(1, len(points) // SHOWN)
    kept = {id(p) for p in points[::step]}
    for one in [*points, *([] if now in points else [now])]:
        mark = "now" if one == now else ""
        mark = "chosen" if one == best else mark
        if mark or id(one) in kept:
            table.add_row(
                mark, f"{one.threshold:.4f}", str(one.alarms), f"{one.per_nurse_shift:.3f}", one.ppv.short,
                one.found.short,
            )  # fmt: skip
    Console().print(table)


def _draw(points: "Sequence[Point]", best: "Point | None", budget_: float, path: Path) -> None:
    try:
        from services.cli.alerts_plot import draw
    except ImportError as error:
        typer.echo("no plot: matplotlib is not installed; pip install 'wardwatch[train]'", err=True)
        raise typer.Exit(NO_DEPENDENCY) from error
    try:
        draw(points, best, budget_, path)
    except (OSError, ValueError) as error:
        _bad(f"--plot {path}: {error}")
    typer.echo(f"curve drawn to {path}", err=True)


def _apply(
    file: Path, threshold: float, *, model: str, site: str, ward: str, policies: Path | None
) -> None:  # fmt: skip
    """Amber and recovery as measured, red where it would lie below amber."""
    from services.alerting.policies import load
    from services.cli.alerts_apply import applied
    from services.cli.alerts_budget import resolve_at
    from services.cli.alerts_policy import policies_of
    from services.runtime.yaml_document import DocumentError

    try:
        before = load(file) if file.exists() else policies_of(policies)
        rule = next(r for name, r in before.of(site, ward).risks.items() if name == model)
        amber = round(threshold, 4)
        levels = {"amber": amber, "resolve": round(resolve_at(rule, threshold), 4)}
        if rule.red < amber:
            levels["red"] = amber
        at = ["sites", site, "wards", ward] if any(s == site for s, _ in before.named) else ["wards", ward]
        applied(file, [*at, "risks", model], levels)
    except (DocumentError, OSError) as error:
        _bad(f"nothing was written: {error}")
    typer.echo(f"{file}: {'.'.join(at)}.risks.{model}: {levels}; restart alerting to use it", err=True)
