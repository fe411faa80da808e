"""`wardwatch alerts labels`: people's decisions about alerts, as a table for retraining."""

import csv
import io
import json
from typing import Annotated

import typer

BAD_INPUT = 2


def labels(
    *,
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only this kind: sepsis, deterioration, news2, imaging.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV with a header (as without an option).")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document, a list of objects.")] = False,
) -> None:
    """Each decision about an alert with the model, its version and what it had said; reasons are what people typed."""
    from typing import get_args

    from schemas.events.alerts import Kind
    from services.cli.alerts_labels import COLUMNS, labels
    from services.cli.alerts_log import opened

    if as_csv and as_json:
        typer.echo("--csv or --json, not both", err=True)
        raise typer.Exit(BAD_INPUT)
    if kind is not None and kind not in get_args(Kind):
        typer.echo(f"--kind {kind}: there is {', '.join(get_args(Kind))}", err=True)
        raise typer.Exit(BAD_INPUT)
    with opened() as reader:
        found = [label.as_json() for label in labels(reader, site=site, kind=kind)]
    if as_json:
        typer.echo(json.dumps(found, indent=1))
        return
    out = io.StringIO()
    table = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(found)
    typer.echo(out.getvalue(), nl=False)
