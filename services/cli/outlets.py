"""`wardwatch outlets`: where alerts go, a test of one receiver, and dead letters sent once more."""

import json
import os
from typing import TYPE_CHECKING, Annotated

import typer

from services.runtime.settings import Settings

if TYPE_CHECKING:
    from services.outlets.configured import Lane
    from services.outlets.destination import Attempt

app = typer.Typer(help="Where alerts go: list, test, resend.", no_args_is_help=True)
THE_ANSWER_IS_NO, WRONG_USAGE, NOT_THERE = 1, 2, 3
Name = Annotated[str, typer.Argument(help="A destination's name, as `wardwatch outlets list` shows it.")]
AsJson = Annotated[bool, typer.Option("--json", help="For a program.")]


@app.command("list")
def list_command(*, as_json: AsJson = False) -> None:
    """Every destination that the settings name, what it is told and where it begins; also a check of the files."""
    from rich.console import Console
    from rich.table import Table

    found = _lanes()
    if as_json:
        rows = [
            {"name": lane.name, "kind": lane.kind, "where": lane.where, "first": lane.first,
             "group": f"wardwatch-outlets-{lane.name}",
             "choose": lane.choice.model_dump(mode="json") if lane.choice else None}
            for lane in found
        ]  # fmt: skip
        print(json.dumps(rows))
        return
    if not found:
        typer.echo("none: set WARDWATCH_GRAFANA_URL, WARDWATCH_WEBHOOKS, WARDWATCH_MAIL or WARDWATCH_DESTINATIONS")
        return
    table = Table("name", "kind", "where", "told", "begins")
    for lane in found:
        table.add_row(lane.name, lane.kind, lane.where, _told(lane), lane.first)
    Console().print(table)


@app.command("test")
def try_command(name: Name, *, as_json: AsJson = False) -> None:
    """Send what nobody takes for an alert: nothing of the log, about nobody."""
    from services.outlets.mail import Mail
    from services.outlets.webhook import Webhook

    lane = _lane(name)
    if not isinstance(lane.inner, Webhook | Mail):
        typer.echo(f"{name} is a {lane.kind}: only webhooks and mails can be tested", err=True)
        raise typer.Exit(WRONG_USAGE)
    _tell(lane, lane.inner.test(), as_json=as_json)


@app.command("resend")
def resend_command(
    name: Name,
    *,
    limit: Annotated[int, typer.Option(min=1, help="The newest so many dead letters.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Send a destination's dead letters once more, oldest first, with the keys they had: a receiver knows a repeat."""
    from services.outlets.delivery import Outcome
    from services.outlets.resending import dead_letters, event_of, place_of
    from services.runtime.errors import LogUnavailable
    from services.runtime.kafka_log import KafkaReader

    lane = _lane(name)
    left = 0
    try:
        reader = KafkaReader(Settings().kafka)
        for entry in dead_letters(reader, f"outlets-{name}")[-limit:]:
            event = event_of(reader, entry)
            lane.inner.begin(*place_of(entry))
            attempt = None if event is None else lane.inner.deliver(event)
            outcome = "gone from the log" if attempt is None else str(attempt.outcome)
            left += attempt is None or attempt.outcome is not Outcome.DELIVERED
            row = {"source": entry.source, "outcome": outcome, "reason": attempt.words if attempt else ""}
            print(json.dumps(row) if as_json else f"{outcome:14} {entry.source} {row['reason']}")
        reader.close()
    except LogUnavailable as error:
        typer.echo(f"{error}; set WARDWATCH_KAFKA to a broker of Wardwatch", err=True)
        raise typer.Exit(NOT_THERE) from error
    raise typer.Exit(THE_ANSWER_IS_NO if left else 0)


def _lanes() -> "tuple[Lane, ...]":
    from services.outlets.configured import lanes
    from services.outlets.fhir.wiring import configured
    from services.runtime.yaml_document import DocumentError

    settings = Settings()
    try:
        return (*lanes(settings, os.environ), *configured(settings))
    except DocumentError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(WRONG_USAGE) from error


def _lane(name: str) -> "Lane":
    found = {lane.name: lane for lane in _lanes()}
    if name not in found:
        typer.echo(f"no destination is called {name!r}; there are: {', '.join(sorted(found)) or 'none'}", err=True)
        raise typer.Exit(WRONG_USAGE)
    return found[name]


def _told(lane: "Lane") -> str:
    if lane.choice is None:
        return "everything"
    parts = (lane.choice.severities, lane.choice.kinds, lane.choice.wards, lane.choice.transitions)
    return "; ".join(", ".join(part) for part in parts if part)


def _tell(lane: "Lane", attempt: "Attempt", *, as_json: bool) -> None:
    from services.outlets.delivery import Outcome

    row = {"name": lane.name, "outcome": attempt.outcome, "reason": attempt.words}
    typer.echo(json.dumps(row) if as_json else f"{lane.name}: {attempt.outcome} {attempt.words}".rstrip())
    if attempt.outcome is Outcome.UNAVAILABLE:
        raise typer.Exit(NOT_THERE)
    if attempt.outcome is not Outcome.DELIVERED:
        raise typer.Exit(THE_ANSWER_IS_NO)
