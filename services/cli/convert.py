"""`wardwatch convert hl7v2`: the FHIR R4 Bundle of a v2 message, as the gateway reads it."""

import json
import sys
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from schemas.hl7v2.bundle import bundle, understood
from schemas.hl7v2.message import MessageError, parse
from schemas.hl7v2.types import Site
from services.runtime.settings import Settings

PARTLY, BAD_INPUT = 1, 2

app = typer.Typer(add_completion=False, no_args_is_help=True, help="What a document says, as FHIR R4.")


@app.callback()
def _group() -> None:
    """One command today; more formats may come."""


@app.command()
def hl7v2(
    file: Annotated[Path, typer.Argument(help="A message (ER7), or - for standard input.", show_default=False)],
) -> None:
    """Print the Bundle; exit 1 when parts cannot be used (standard error says which), 2 when nothing can."""
    settings = Settings()
    zone = ZoneInfo(settings.hl7_zone) if settings.hl7_zone else None
    site = Site(zone, settings.hl7_authorities, settings.mrn_authority)
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        found = understood(parse(content), site)
    except OSError as error:
        typer.echo(f"cannot read: {error}", err=True)
        raise typer.Exit(BAD_INPUT) from error
    except MessageError as error:
        typer.echo(f"{file}: {error.where}: {error.reason}", err=True)
        raise typer.Exit(BAD_INPUT) from error
    typer.echo(json.dumps(bundle(found), indent=2, ensure_ascii=False))
    if found.ignored:
        typer.echo(f"{file}: {found.ignored}", err=True)
    wrong = [part for part in found.parts if isinstance(part, MessageError)]
    for part in wrong:
        typer.echo(f"{file}: {part.where}: {part.reason}", err=True)
    if wrong:
        raise typer.Exit(PARTLY)
