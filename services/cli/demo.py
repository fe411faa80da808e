"""`wardwatch demo`: the whole system here, with a simulated hospital that publishes through the public interfaces."""

import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from services.cli.accounting import Summary, account, stage
from services.console.signin import demo as demo_issuer
from services.embedded.errors import CannotStartError
from services.embedded.system import System, SystemOptions, free_or_other
from services.runtime.errors import DependencyError
from services.runtime.service import stop_on_signals

NOT_WHOLE, WRONG_USAGE, NO_DEPENDENCY = 1, 2, 3
DRAIN_S = 30.0
READER = "READINGROOM"
"""Application entity title that may ask the demo's reading worklist."""


def demo(
    *,
    seconds: Annotated[float | None, typer.Option("--for", help="End after this many seconds; else at Ctrl-C.")] = None,
    patients: Annotated[int, typer.Option(min=1, max=32, help="How many patients lie in the wards at the start.")] = 24,
    speed: Annotated[float, typer.Option(min=1, help="Hospital seconds in a real second.")] = 60.0,
    seed: Annotated[int, typer.Option(help="Another seed is another hospital.")] = 7,
    films: Annotated[
        Path | None, typer.Option(help="Folder or tar of chest films; else the public ones, else drawn.")
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the console, a free one when it is taken; 0: free ports.")
    ] = 8080,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output at the end.")] = False,
) -> None:
    """Run real Kafka, Redis, Ray Serve and every service here; exit 0 only if nothing was lost and nothing repeated."""
    if films is not None and not (films.is_dir() or films.suffix == ".tar"):
        typer.echo(f"--films: {films} is neither a folder nor a tar archive", err=True)
        raise typer.Exit(WRONG_USAGE)
    films = films or public_films()
    console = Console(stderr=True)
    stop = stop_on_signals()
    began = time.monotonic()
    try:
        with _hospital(port) as options, System(options, console) as system:
            report = system.run_dir / "simulator-report.json"
            play = {
                "gateway": system.url("gateway"), "token": system.tokens["simulator"], "patients": patients,
                "dicom_port": system.settings.dicom_port, "mllp_port": system.settings.mllp_port, "speed": speed,
                "seed": seed, "report": str(report), "films": str(films or ""),
            }  # fmt: skip
            simulator = system.launch("simulator", "simulate", json.dumps(play))
            _welcome(console, system, time.monotonic() - began)
            until = None if seconds is None else time.monotonic() + seconds
            with Live(console=console, refresh_per_second=2, transient=True) as live:
                while not stop.is_set() and (until is None or time.monotonic() < until):
                    live.update(_status(system, report))
                    stop.wait(0.5)
            simulator.stop()
            if not report.exists():
                raise CannotStartError(_silent(system))
            _drain(system)
            summary = account(system, report)
    except (CannotStartError, DependencyError) as error:
        console.print(f"[red]cannot run:[/red] {error}", highlight=False)
        raise typer.Exit(NO_DEPENDENCY) from error
    if as_json:
        typer.echo(summary.json())
    else:
        console.print(_table(summary))
    if not summary.whole:
        raise typer.Exit(NOT_WHOLE)


@contextmanager
def _hospital(port: int) -> Iterator[SystemOptions]:
    """What the demo runs, with an issuer of its own: one click on its page, and one is somebody of the hospital."""
    console_port = free_or_other(port)
    homes = [f"http://{host}:{console_port}/login/oidc/callback" for host in ("127.0.0.1", "localhost")]
    issuer = demo_issuer.start(homes)
    told = {
        "WARDWATCH_OIDC_ISSUER": issuer.url,
        "WARDWATCH_SESSION_KEY": secrets.token_urlsafe(32),
        "WARDWATCH_WORKLIST_CALLERS": READER,
        "WARDWATCH_WORKLIST_PORT": str(free_or_other(11113 if port else 0)),
    }
    try:
        yield SystemOptions(console_port=console_port, gateway_port=8090 if port else 0, environment=told)
    finally:
        issuer.stop()


def _silent(system: System) -> str:
    """What to say when the simulated hospital ended before it had told anything."""
    log = system.stack.run_dir / "logs" / "simulator.log"
    tail = log.read_text(errors="replace").splitlines()[-8:] if log.exists() else []
    return "\n".join(("the simulated hospital ended without an account; the end of its log:", *tail))


def public_films() -> Path | None:
    """The children's chest films of the public data beside the checkout, where there are any."""
    shared = Path(os.environ.get("WARDWATCH_SHARED") or Path(__file__).parents[3] / "shared")
    archive = shared / "data" / "cxr_pneumonia" / "images.tar"
    return archive if archive.is_file() else None


def _welcome(console: Console, system: System, took_s: float) -> None:
    url = system.url("console")
    console.print(f"\nWardwatch is up after {took_s:.0f} s.", highlight=False)
    console.print(f"  sign in         {url}/login   (as a nurse, a bed manager and others)", highlight=False)
    console.print(f"  care team       {url}/?token={system.tokens['care']}", highlight=False, soft_wrap=True)
    console.print(f"  administrator   {url}/?token={system.tokens['admin']}", highlight=False, soft_wrap=True)
    console.print(
        f"  FHIR            {system.url('gateway')}/fhir\n"
        f"  HL7 v2          mllp://localhost:{system.settings.mllp_port}\n"
        f"  DICOM           {system.settings.ae_title}@{system.settings.dicom_port}\n"
        f"  reading list    python docs/examples/read_worklist.py localhost {system.settings.worklist_port} {READER}",
        highlight=False,
        soft_wrap=True,
    )
    console.print(f"  logs            {system.stack.run_dir / 'logs'}", highlight=False)
    console.print("  the hospital is simulated; Ctrl-C ends it\n", highlight=False)
    if "WARDWATCH_DEMO_ADDRESS" in os.environ:  # for those who drive the demo: a browser test, a script
        address = {"console": url, "gateway": system.url("gateway"), "tokens": system.tokens}
        Path(os.environ["WARDWATCH_DEMO_ADDRESS"]).write_text(json.dumps(address))


def _status(system: System, report: Path) -> Table:
    table = Table(show_header=True, header_style="bold", box=None, pad_edge=False)
    for column in ("stage", "events", "behind"):
        table.add_column(column, justify="left" if column == "stage" else "right")
    told = json.loads(report.read_text()) if report.exists() else {"bundles": 0, "messages": 0}
    table.add_row("simulated hospital", f"{told['bundles']} bundles, {told['messages']} HL7 v2 messages", "")
    for name in system.options.services:
        try:
            numbers = stage(system, name)
        except OSError:
            numbers = {"count": 0, "lag": 0}
        table.add_row(name, str(numbers["count"]), str(numbers["lag"]))
    return table


def _drain(system: System) -> None:
    """Wait until what was sent has been read by all: twice in a row nothing is behind and nothing moves."""
    deadline = time.monotonic() + DRAIN_S
    before: object = None
    while time.monotonic() < deadline:
        now = {name: stage(system, name) for name in system.options.services}
        if now == before and not any(numbers["lag"] for numbers in now.values()):
            return
        before = now
        time.sleep(1.2)


def _table(summary: Summary) -> Table:
    table = Table(title="What went in, and what became of it", title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    table.add_column("")
    for name in ("readings", "images", "forecasts", "alerts", "latency_ms"):
        words = ", ".join(
            f"{k} {v:.0f}" if isinstance(v, float) else f"{k} {v}" for k, v in getattr(summary, name).items()
        )
        table.add_row(name.replace("_", " "), words)
    for name, numbers in summary.stages.items():
        table.add_row(name, f"{numbers['count']} events, {numbers['lag']} behind")
    table.add_row("verdict", "nothing lost, nothing twice" if summary.whole else "[red]NOT WHOLE[/red]")
    return table
