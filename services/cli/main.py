"""`wardwatch …`: the front door. Commands are loaded when they are called, so that `--help` is quick."""

import difflib
import sys
from importlib import import_module
from typing import Any, NoReturn

import typer

from services import __version__
from services.runtime.errors import WrongSettingError

GROUPS: dict[str, tuple[str, str]] = {
    "demo": ("services.cli.demo:demo", "The whole system on this machine, with a simulated hospital."),
    "up": ("services.cli.up:up", "Run services against the configured Kafka, Redis and Ray."),
    "simulate": ("services.cli.simulate:simulate", "The simulated hospital alone, against any gateway."),
    "publish": ("services.cli.publish:publish", "Send FHIR, HL7 v2 or DICOM files to a gateway."),
    "validate": ("services.cli.validate:validate", "Say what is wrong with FHIR, HL7 v2 or DICOM files."),
    "convert": ("services.cli.convert:app", "An HL7 v2 message as the FHIR R4 Bundle it is read as."),
    "risk": ("services.cli.risk:app", "Risk models: score, train, evaluate."),
    "imaging": ("services.cli.imaging:app", "Imaging models: score, train, evaluate."),
    "beds": ("services.cli.beds:app", "Bed forecasts: forecast, evaluate, train, bench."),
    "schedule": ("services.cli.schedule:app", "Timetables: solve, check, simulate, bench."),
    "models": ("services.cli.models:app", "The models of the registry."),
    "alerts": ("services.cli.alerts:app", "What stands; policies, silent periods, alarm budgets."),
    "grafana": ("services.cli.grafana:app", "Install dashboards and alert rules; check a token."),
    "outlets": ("services.cli.outlets:app", "Where alerts go: list, test a receiver, resend dead letters."),
    "quarantine": ("services.cli.quarantine:quarantine", "What could not be used, and why."),
    "replay": ("services.cli.replay:replay", "Publish recorded stays in their own time."),
    "bench": ("services.cli.bench:bench", "Throughput, latency and memory, measured here."),
}
"""Command to where it is and one line of help: a group (`app`) or a plain command function."""


HELP = """Wardwatch watches every patient of a hospital.

usage: wardwatch COMMAND [OPTIONS] …        wardwatch COMMAND --help

{commands}

Exit codes: 0 done; 1 the answer is no (invalid, infeasible, lost); 2 wrong usage or
bad input; 3 a dependency is not there. Settings: WARDWATCH_* (docs/settings.md)."""
WRONG_USAGE = 2


def command(name: str) -> typer.Typer:
    """The typer application of one command; raises KeyError."""
    module, _, attribute = GROUPS[name][0].partition(":")
    found: Any = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        return found
    single = typer.Typer(add_completion=False)
    single.command(name)(found)
    return single


def run(argv: list[str] | None = None) -> NoReturn:
    """Entry point: the first word is the command, the rest is the command's own."""
    name, *rest = (sys.argv[1:] if argv is None else argv) or ["--help"]
    if name in {"-h", "--help", "help"}:
        width = max(map(len, GROUPS))
        print(HELP.format(commands="\n".join(f"  {n:<{width}}  {text}" for n, (_, text) in GROUPS.items())))
        sys.exit(0)
    if name == "--version":
        print(f"wardwatch {__version__}")
        sys.exit(0)
    if name not in GROUPS:
        near = difflib.get_close_matches(name, GROUPS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "; see wardwatch --help"
        print(f"wardwatch: there is no command {name!r}{hint}", file=sys.stderr)
        sys.exit(WRONG_USAGE)
    try:
        command(name)(args=rest, prog_name=f"wardwatch {name}")
    except WrongSettingError as error:
        print(f"wardwatch: {error}", file=sys.stderr)
        sys.exit(WRONG_USAGE)
    sys.exit(0)


if __name__ == "__main__":
    run()
