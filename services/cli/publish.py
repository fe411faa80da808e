"""`wardwatch publish`: FHIR, HL7 v2, DICOM files, folders, tar archives to a gateway; every entry is counted."""

import json
import os
import tarfile
import time
from collections import Counter
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress
from rich.table import Table

from services.cli.documents import count, documents
from services.cli.sending import Sender, Tally, Unreachable
from services.runtime.errors import WrongSettingError
from services.runtime.mllp_client import MllpClient
from services.runtime.tls import calling

LOST, WRONG_USAGE, NO_DEPENDENCY = 1, 2, 3
MLLP = "mllp://"


def publish(
    paths: Annotated[list[Path], typer.Argument(help="Files, folders or tar archives.", show_default=False)],
    to: Annotated[str, typer.Option(help="The gateway; mllp://HOST:PORT for HL7 v2 alone.")] = "http://localhost:8090",
    rate: Annotated[float, typer.Option(min=0, help="Documents a second; 0 is as fast as it takes them.")] = 0,
    token: Annotated[str, typer.Option(help="Bearer token with scope publish; or WARDWATCH_TOKEN.")] = "",
    dicom: Annotated[str, typer.Option(help="HOST:PORT for DICOM objects; default: the gateway's host, 11112.")] = "",
    mllp: Annotated[str, typer.Option(help="HOST:PORT for HL7 v2 messages; default: the gateway's host, 2575.")] = "",
    ae_title: Annotated[str, typer.Option(help="The gateway's application entity title.")] = "WARDWATCH",
    *,
    authority: Annotated[
        Path | None, typer.Option(help="PEM of who signed the gateway's certificate: DICOM and HL7 v2 go by TLS.")
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(help="PEM of a certificate and its key to show, where the gateway asks for one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of the table.")] = False,
) -> None:
    """Send everything once; a repeat is harmless. Exit 0 when all is accounted for, 1 when something was refused."""
    try:
        total = count(paths)
    except (OSError, tarfile.TarError) as error:
        typer.echo(f"cannot read: {error}", err=True)
        raise typer.Exit(WRONG_USAGE) from error
    if to.startswith(MLLP):
        mllp = mllp or (to if ":" in to.removeprefix(MLLP) else f"{to}:2575").removeprefix(MLLP).rstrip("/")
        to = f"http://{httpx.URL(to).host}:8090"  # whatever else lies among the files
    try:
        tls = calling(certificate, None, authority) if certificate or authority else None
    except WrongSettingError as error:
        typer.echo(f"--authority, --certificate: {str(error).partition(': ')[2]}", err=True)
        raise typer.Exit(WRONG_USAGE) from error
    secret = token or os.environ.get("WARDWATCH_TOKEN", "")
    http = httpx.Client(
        base_url=to, headers={"Authorization": f"Bearer {secret}"} if secret else {}, timeout=httpx.Timeout(60.0),
        verify=tls or True,
    )  # fmt: skip
    messages = MllpClient(_address("--mllp", mllp, to, "2575"), tls)
    sender = Sender(http, _address("--dicom", dicom, to, "11112"), ae_title, messages, tls)
    began = time.monotonic()
    progress = Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=Console(stderr=True))
    try:
        with progress, http:
            task = progress.add_task("publishing", total=total)
            for n, document in enumerate(documents(paths)):
                if rate:
                    time.sleep(max(0.0, began + n / rate - time.monotonic()))
                sender.send(document)
                progress.advance(task)
    except Unreachable as error:
        typer.echo(f"no answer from {error}: is it running? What was sent so far is safe; start again.", err=True)
        raise typer.Exit(NO_DEPENDENCY) from error
    except (OSError, tarfile.TarError) as error:
        typer.echo(f"cannot read: {error}", err=True)
        raise typer.Exit(WRONG_USAGE) from error
    _report(sender.tally, time.monotonic() - began, as_json=as_json)
    if sender.tally.refused or not sender.tally.accounted():
        raise typer.Exit(LOST)


def _address(option: str, given: str, to: str, usual: str) -> tuple[str, int]:
    host, _, port = given.rpartition(":") if given else (httpx.URL(to).host, "", usual)
    if not port.isdigit():
        typer.echo(f"{option} is HOST:PORT, not {given!r}", err=True)
        raise typer.Exit(WRONG_USAGE)
    return host or "localhost", int(port)


def _report(tally: Tally, seconds: float, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(tally.as_json() | {"seconds": round(seconds, 3)}))
        return
    table = Table("", "resources", "", title=f"{tally.documents} documents, {tally.sent} resources in {seconds:.1f} s")
    rows: list[tuple[str, Counter[str]]] = [
        ("applied", tally.applied),
        ("ignored", tally.ignored),
        ("quarantined", tally.quarantined),
        ("refused", tally.refused),
    ]
    for name, counter in rows:
        table.add_row(f"[bold]{name}", str(counter.total()), "")
        for what, n in counter.most_common():
            table.add_row("", str(n), what)
    table.add_row("[bold]readings", str(tally.readings), "")
    console = Console()
    console.print(table)
    console.print("The sums agree." if tally.accounted() else "[red]The sums do not agree: something was not answered.")
