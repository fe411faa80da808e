"""`wardwatch alerts maintenance begin|end|list`: nobody is called on a ward for a while, from now."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

if TYPE_CHECKING:
    from schemas.events import MaintenanceWindow
    from services.runtime.ports import LogReader, Outgoing

app = typer.Typer(help="Maintenance of a ward's calls: begin, end, list.", no_args_is_help=True)
NOT_OK, BAD_INPUT, NO_DEPENDENCY = 1, 2, 3
PUBLISH_S: Final = 10.0
Ward = Annotated[str, typer.Argument(help="The ward.")]
Site = Annotated[str, typer.Option(help="Its site.")]
By = Annotated[str, typer.Option(help="Who decides it: a person's name, or a short one.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


@app.command()
def begin(
    ward: Ward,
    *,
    until: Annotated[str, typer.Option(help="An instant, or a length of time: 2026-03-01T22:00+01:00, '2 h'.")],
    by: By,
    why: Annotated[str, typer.Option(help="Why, for those who ask later.")],
    site: Site = "main",
    as_json: Json = False,
) -> None:
    """From now nobody is called of this ward's alerts; all of them are recorded and told at the end if they stand."""
    from services.cli import alerts_maintenance as room
    from services.cli.alerts_log import clinical_now, opened

    with opened() as reader:
        now = clinical_now(reader)
        _known(reader, site, ward)
        try:
            word = room.Word(site, ward, now, room.until(until, now), _said("--by", by), _said("--why", why, 1000))
        except ValueError as error:
            _refuse(f"--until: {error}")
        publish(room.messages(word, len(reader.partitions("decisions"))))
    if as_json:
        typer.echo(json.dumps({"ward": ward, "site": site, "begin": _text(now), "end": _text(word.until)}))
    else:
        typer.echo(f"nobody is called of alerts on ward {ward} until {_text(word.until)}")


@app.command()
def end(
    ward: Ward,
    *,
    by: By,
    why: Annotated[str, typer.Option(help="Why.")] = "",
    site: Site = "main",
    as_json: Json = False,
) -> None:
    """The ward is called again, also of what was held and still stands; exit 1 where no maintenance holds."""
    from services.cli import alerts_maintenance as room
    from services.cli.alerts_log import clinical_now, opened

    with opened() as reader:
        now = clinical_now(reader)
        if not room.holding(room.windows(reader, site), now, ward):
            typer.echo(f"no maintenance holds on ward {ward} of {site}; see: alerts maintenance list", err=True)
            raise typer.Exit(NOT_OK)
        word = room.Word(site, ward, now, None, _said("--by", by), why[:1000])
        publish(room.messages(word, len(reader.partitions("decisions"))))
    if as_json:
        typer.echo(json.dumps({"ward": ward, "site": site, "ended": _text(now)}))
    else:
        typer.echo(f"ward {ward} is called again from {_text(now)}")


@app.command("list")
def list_windows(
    *,
    site: Site = "main",
    every: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    as_json: Json = False,
) -> None:
    """What people decided, that of the policy file not included (see: wardwatch alerts check)."""
    from services.cli import alerts_maintenance as room
    from services.cli.alerts_log import clinical_now, opened

    with opened() as reader:
        now, found = clinical_now(reader), room.windows(reader, site)
    shown = [w for w in found if every or w.end > now]
    if as_json:
        typer.echo(json.dumps([room.as_json(w, now) for w in shown], indent=1))
        return
    _print(shown, now)


def _print(shown: "Sequence[MaintenanceWindow]", now: datetime) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("ward", "since", "until", "by", "why", "", box=None)
    for w in shown:
        table.add_row(w.ward, _text(w.begin), _text(w.end), w.by, w.why, "holds" if w.begin <= now < w.end else "over")
    Console().print(table if shown else "no maintenance was begun by a person")


def publish(messages: "Sequence[Outgoing]") -> None:
    """Write all of them; ends the command with exit code 3 where the log does not take them."""
    from services.runtime.errors import LogUnavailable
    from services.runtime.kafka_log import KafkaPublisher
    from services.runtime.settings import Settings

    try:
        publisher = KafkaPublisher(Settings().kafka)
        try:
            publisher.publish(messages).result(PUBLISH_S)
        finally:
            publisher.close()
    except (LogUnavailable, TimeoutError) as error:
        typer.echo(f"not recorded, the log did not answer: {error}; try again (a repeat is harmless)", err=True)
        raise typer.Exit(NO_DEPENDENCY) from error


def _known(reader: "LogReader", site: str, ward: str) -> None:
    """A ward that nobody defined is a slip; where none is defined at all, every name is taken."""
    from services.cli.alerts_wards import wards

    there = wards(reader)
    if there and ward not in there.get(site, frozenset()):
        _refuse(f"there is no ward {ward!r} on {site}; there is {', '.join(sorted(there.get(site, ()))) or 'none'}")


def _said(option: str, text: str, most: int = 128) -> str:
    if not text.strip():
        _refuse(f"{option}: say it in a few words")
    return text.strip()[:most]


def _refuse(problem: str) -> NoReturn:
    typer.echo(problem, err=True)
    raise typer.Exit(BAD_INPUT)


def _text(at: datetime | None) -> str:
    return "" if at is None else at.isoformat(timespec="seconds")
