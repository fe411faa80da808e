"""`wardwatch up [SERVICE…]`: services against the configured Kafka, Redis and Ray."""

import sys
from importlib import import_module
from typing import Annotated

import typer

from services.embedded.errors import CannotStartError
from services.embedded.system import SERVICES
from services.runtime.errors import DependencyError
from services.runtime.priority import step_back
from services.runtime.settings import Settings

WRONG_USAGE, NO_DEPENDENCY = 2, 3
BY_NAME_ONLY = {"cds-hooks": "cds_hooks"}
"""Services that run only where they are named, and their folders."""
STEPS_BACK = {"console": 5, "imaging": 10, "operations": 10, "drift": 10}
"""Niceness of what may wait while the processors are busy: from a reading to its alert nothing else comes first."""


def up(
    services: Annotated[
        list[str] | None, typer.Argument(help=f"Of: {', '.join(SERVICES)}. Default: all these; or cds-hooks.")
    ] = None,
    *,
    create_topics: Annotated[bool, typer.Option(help="Create the topics that do not exist, first.")] = False,
) -> None:
    """Run one service here, or several as supervised children, until SIGTERM. (docs/settings.md)."""
    wanted = tuple(services or SERVICES)
    unknown = sorted(set(wanted) - set(SERVICES) - set(BY_NAME_ONLY))
    if unknown:
        there = ", ".join((*SERVICES, *BY_NAME_ONLY))
        typer.echo(f"unknown service: {', '.join(unknown)}; there are: {there}", err=True)
        raise typer.Exit(WRONG_USAGE)
    settings = Settings()
    try:
        if create_topics:
            from services.runtime.kafka_log import create_topics as create

            create(settings.kafka, settings.partitions)
        if len(wanted) == 1:
            step_back(STEPS_BACK.get(wanted[0], 0))
            folder = BY_NAME_ONLY.get(wanted[0]) or wanted[0].replace("-", ".")
            import_module(f"services.{folder}.main").main(settings)
        else:
            _several(wanted)
    except (DependencyError, CannotStartError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(NO_DEPENDENCY) from error


def _several(names: tuple[str, ...]) -> None:
    from pathlib import Path

    from services.embedded.processes import Program, Supervised
    from services.runtime.service import stop_on_signals

    stop = stop_on_signals()
    logs = Path.cwd() / "logs"
    logs.mkdir(exist_ok=True)
    children = [
        Supervised(Program(name, (sys.executable, "-m", "services.cli.main", "up", name), logs / f"{name}.log"))
        for name in names
    ]
    typer.echo(f"running {', '.join(names)}; their logs are in {logs}")
    stop.wait()
    for child in children:
        child.stop()
