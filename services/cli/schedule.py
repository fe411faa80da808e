"""`wardwatch schedule`: what a timetable of admissions, rooms, theatres and nurses costs, and whether it is allowed."""

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Check timetables of admissions, theatres and nurses.", no_args_is_help=True)
INFEASIBLE, BAD_INPUT = 1, 2


@app.callback()
def schedule() -> None:
    """Check timetables of admissions, theatres and nurses."""


@app.command()
def check(
    instance: Annotated[Path, typer.Argument(help="Instance JSON (IHTC 2024).")],
    solution: Annotated[Path, typer.Argument(help="Solution JSON (IHTC 2024).")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, the validator's names.")] = False,
) -> None:
    """Count every violation and cost of a timetable; exit code 1 when a hard constraint is broken."""
    from ray_jobs.scheduling.check import VIOLATIONS, check_timetable
    from ray_jobs.scheduling.ihtp import read_instance, read_solution

    try:
        report = check_timetable(read_instance(instance), read_solution(solution))
    except (OSError, ValueError) as e:
        typer.echo(f"cannot check {solution.name} against {instance.name}: {e}", err=True)
        raise typer.Exit(BAD_INPUT) from e
    if as_json:
        typer.echo(json.dumps(report))
    else:
        for name, value in report.items():
            typer.echo(f"{name:32} {value:>9} {'violations' if name in VIOLATIONS else ''}".rstrip())
    if report["total_violations"]:
        raise typer.Exit(INFEASIBLE)
