"""`wardwatch alerts silent-report`: before a model goes live on a ward, what it would have raised there."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from services.cli.alerts_silent import Report

NOT_OK, BAD_INPUT = 1, 2


def silent_report(
    *,
    model: Annotated[str, typer.Option(help="sepsis or deterioration.")],
    ward: Annotated[str, typer.Option(help="The ward.")],
    site: Annotated[str, typer.Option(help="Its site.")] = "main",
    policies: Annotated[Path | None, typer.Option(help="Policy file; none: that of the settings.")] = None,
    days: Annotated[int, typer.Option(min=1, help="The newest so many days of the log.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, each alert included.")] = False,
) -> None:
    """What a silent model would have raised on a ward under its policy, and was it right; exit 1 if it never spoke."""
    from services.cli.alerts_log import opened, read
    from services.cli.alerts_policy import policies_of
    from services.cli.alerts_silent import report
    from services.drift.watchable import OUTCOMES

    if model not in OUTCOMES:
        typer.echo(f"--model {model}: only {', '.join(OUTCOMES)} raise alerts of their own", err=True)
        raise typer.Exit(BAD_INPUT)
    found = policies_of(policies)
    with opened() as reader:
        given = read(reader, model, site=site, ward=ward, days=days, scores=True)
    told = report(given, found, model=model, site=site, ward=ward)
    if given.refused:
        typer.echo(f"{given.refused} events could not be read and are not counted", err=True)
    if not told.forecasts:
        typer.echo(
            f"no forecast of {model} on ward {ward} of {site} in the log of {days} days: is it silent or live there "
            f"(WARDWATCH_MODES), and is this the ward's name?", err=True,
        )  # fmt: skip
        raise typer.Exit(NOT_OK)
    if as_json:
        typer.echo(json.dumps(told.as_json(), indent=1))
    else:
        _print(told)


def _print(told: "Report") -> None:
    from rich.console import Console
    from rich.table import Table

    from services.cli.alerts_measures import Share

    shown = told.as_json()
    right, wrong = shown["right"], shown["wrong"]
    typer.echo(
        f"{told.model} {', '.join(shown['versions'])} ({', '.join(shown['modes'])}) ward {told.ward}, {told.site}\n"
        f"  when       {shown['since']} to {shown['until']}\n"
        f"  seen       {told.patients} patients, {told.patient_days:.1f} patient-days, {told.forecasts} forecasts\n"
        f"  raised     {len(told.alerts)} alerts ({shown['red']} red), {shown['alerts_per_patient_day'] or 0:.2f} a "
        f"patient-day; {told.suppressed} more suppressed\n"
        f"  right      {Share(right, right + wrong)}; {shown['not_yet_told']} not told yet\n"
        f"  found      {Share(told.found, told.outcomes)} of the stays with the outcome; {told.untold} not told yet"
    )
    if shown["median_lead_hours"] is not None:
        typer.echo(f"  lead       {shown['median_lead_hours']:.1f} h from alert to onset (median of the right ones)")
    table = Table("at", "patient", "severity", "right", "lead h", "NEWS2 stood", "why", box=None)
    for one in told.alerts:
        right_word = {True: "yes", False: "no", None: "not told"}[one.right]
        lead = "" if one.lead_hours is None else f"{one.lead_hours:+.1f}"
        table.add_row(
            one.at.isoformat(timespec="minutes"), one.patient[:12], one.severity, right_word, lead,
            "yes" if one.news2_stood else "no", one.summary,
        )  # fmt: skip
    Console().print(table)
