"""`wardwatch alerts …`: what stands, whether a policy file is good, and what a threshold would mean on a ward."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from services.cli.alerts_budget_command import budget
from services.cli.alerts_labels_command import labels
from services.cli.alerts_maintenance_command import app as maintenance
from services.cli.alerts_silent_command import silent_report

if TYPE_CHECKING:
    from services.alerting.policies import Policies

app = typer.Typer(
    help="Alerts: what stands, policies, silent periods, budgets, maintenance, labels.", invoke_without_command=True
)
NOT_OK, BAD_INPUT, NO_DEPENDENCY = 1, 2, 3
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Ward = Annotated[str | None, typer.Option(help="Only this ward.")]
Site = Annotated[str | None, typer.Option(help="Only this site.")]
app.command("silent-report")(silent_report)
app.command("budget")(budget)
app.command("labels")(labels)
app.add_typer(maintenance, name="maintenance")


@app.callback(invoke_without_command=True)
def alerts(context: typer.Context, *, as_json: Json = False) -> None:
    """Without a command: what stands now."""
    if context.invoked_subcommand is None:
        list_alerts(as_json=as_json)


@app.command("list")
def list_alerts(*, ward: Ward = None, site: Site = None, as_json: Json = False) -> None:
    """What stands now, red first; suppressed alerts are listed with their phase."""
    from services.cli.alerts_log import clinical_now, opened
    from services.cli.alerts_maintenance import windows
    from services.cli.alerts_standing import standing
    from services.runtime.settings import Settings

    with opened() as reader:
        found = standing(reader, site=site, ward=ward)
        sites = [site] if site is not None else sorted({s.site for s in found} | {Settings().site})
        closed = [w for name in sites for w in windows(reader, name) if ward in {None, w.ward}]
        now = clinical_now(reader)
    if as_json:
        typer.echo(json.dumps([s.as_json() for s in found], indent=1))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("severity", "kind", "ward", "bed", "phase", "since", "asked", "why", "alert", box=None)
    for s in found:
        since = "" if s.raised is None else s.raised.isoformat(timespec="minutes")
        asked = s.role.replace("_", " ") if s.phase == "raised" else ""
        asked += " (NOT REACHED)" if s.unreached else ""
        quiet = "" if s.quiet_until is None else f" (from {s.quiet_until.isoformat(timespec='minutes')})"
        table.add_row(
            s.severity, s.kind, s.ward or "", s.bed or "", s.phase, since, asked + quiet, s.summary, s.alert
        )  # fmt: skip
    Console().print(table if found else "no alert stands")
    for w in (w for w in closed if w.end > now):
        typer.echo(f"maintenance on ward {w.ward} until {w.end.isoformat(timespec='minutes')}, by {w.by}: {w.why}")


@app.command("show")
def show(alert: Annotated[str, typer.Argument(help="An alert's id.")], *, as_json: Json = False) -> None:
    """What happened to one alert; exit 1 when the log has none of this id."""
    from schemas.events import AlertNotified
    from services.cli.alerts_log import opened
    from services.cli.alerts_standing import transitions

    with opened() as reader:
        told = transitions(reader, alert)
    if not told:
        typer.echo(f"no alert {alert} in the log (alerts are kept 30 days); see: wardwatch alerts list", err=True)
        raise typer.Exit(NOT_OK)
    if as_json:
        events = [{"event": type(e).__name__, **e.model_dump(mode="json")} for e in told]
        typer.echo(json.dumps({"alert": alert, "events": events}, indent=1))
        return
    first = told[0]
    typer.echo(f"{alert}: {first.kind}, {first.site}, ward {first.place.ward or 'unknown'}, patient {first.patient}")
    for event in told:
        who = getattr(event, "role", None) or getattr(event, "by", None) or ""
        why = getattr(event, "reason", None) or getattr(event, "why", None) or event.summary
        if isinstance(event, AlertNotified):
            why = f"{event.receiver} has it ({event.channel or 'unknown channel'})"
        name = type(event).__name__.removeprefix("Alert").lower()
        typer.echo(f"  {event.at.isoformat(timespec='seconds')}  {name:<12} {event.severity:<5}  {who:<15} {why}")


@app.command("check")
def check(
    file: Annotated[Path | None, typer.Argument(help="A policy file; none: the one that is shipped.")] = None,
    *,
    ward: Annotated[str | None, typer.Option(help="Print what holds on this ward.")] = None,
    site: Annotated[str, typer.Option(help="On which site.")] = "main",
    wards: Annotated[str, typer.Option(help="The wards there are, comma-separated: no others may be named.")] = "",
    log: Annotated[bool, typer.Option("--log", help="Take the wards there are from the log.")] = False,
    as_json: Json = False,
) -> None:
    """Say whether a policy file is good, and what holds on a ward; exit 2 with line and field when it is not."""
    from services.alerting.policies import load, unknown
    from services.runtime.yaml_document import DocumentError

    try:
        found = load(file)
    except DocumentError as error:
        _refuse(str(error), as_json=as_json)
    there = {site: frozenset(w.strip() for w in wards.split(",") if w.strip())} if wards else {}
    if log:
        from services.cli.alerts_log import opened
        from services.cli.alerts_wards import wards as wards_of

        with opened() as reader:
            there = wards_of(reader)
    problems = unknown(found, there) if there else []
    if ward is not None and there and ward not in there.get(site, frozenset()):
        problems.append(f"--ward {ward}: there is no such ward; there is {', '.join(sorted(there.get(site, ())))}")
    if problems:
        _refuse(f"{file}: " + "\n  ".join(problems), as_json=as_json)
    _print(found, file, ward, site, as_json=as_json)


def _refuse(problem: str, *, as_json: bool) -> NoReturn:
    if as_json:
        typer.echo(json.dumps({"valid": False, "problem": problem}, indent=1))
    typer.echo(problem, err=True)
    raise typer.Exit(BAD_INPUT)


def _print(found: "Policies", file: Path | None, ward: str | None, site: str, *, as_json: bool) -> None:
    """The effective policy, as YAML that could stand in a file, or as JSON."""
    import yaml

    policy = found.of(site, ward).model_dump(mode="json")
    if as_json:
        typer.echo(json.dumps({"valid": True, "site": site, "ward": ward, "policy": policy}, indent=1))
        return
    name = file or "the shipped policy"
    named = ", ".join("/".join(part or "*" for part in place) for place in found.named) or "none"
    typer.echo(f"# {name}: good; wards and sites of their own (site/ward): {named}")
    typer.echo(f"# what holds on {'every ward not named' if ward is None else f'ward {ward}'} of {site}:")
    typer.echo(yaml.safe_dump(policy, sort_keys=False, allow_unicode=True).rstrip())
