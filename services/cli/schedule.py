"""`wardwatch schedule`: solve timetables of admissions, rooms, theatres and nurses, and say what one costs."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from services.cli.schedule_bench import bench
from services.cli.schedule_simulate import simulate

if TYPE_CHECKING:
    from ray_jobs.scheduling.ihtp import Instance, Solution
    from ray_jobs.scheduling.solver.solve import Better, Solved

app = typer.Typer(help="Solve and check timetables of admissions, theatres and nurses.", no_args_is_help=True)
app.command()(bench)
app.command()(simulate)
INFEASIBLE, BAD_INPUT, NO_DEPENDENCY = 1, 2, 3
WRITING_SECONDS = 0.3
"""Kept of the time for the last writing of the plan."""


@app.callback()
def schedule() -> None:
    """Solve and check timetables of admissions, theatres and nurses."""


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


@app.command()
def solve(  # noqa: PLR0917 - typer reads the command line from them
    instance: Annotated[Path, typer.Argument(help="Instance JSON (IHTC 2024).")],
    out: Annotated[Path, typer.Argument(help="Solution JSON to write, again with each better plan.")],
    seconds: Annotated[float, typer.Option(min=0.1, help="Time for all, the start of the search included.")] = 600,
    threads: Annotated[int, typer.Option(min=1, max=64, help="Searches side by side, exchanging plans.")] = 2,
    seed: Annotated[int, typer.Option(min=0, max=10**9, help="Same seed and iterations: same plan.")] = 0,
    iterations: Annotated[int | None, typer.Option(min=1, help="Steps of each thread; the time still ends it.")] = None,
    start: Annotated[Path | None, typer.Option(help="Solution JSON to begin from.")] = None,
    ray: Annotated[
        str, typer.Option(help="Address of a Ray cluster (or `local`): a search on each of its actors.")
    ] = "",
    actors: Annotated[
        int, typer.Option(min=1, max=1000, help="With --ray: how many searches of that many threads.")
    ] = 2,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object for each better plan, and one at last.")
    ] = False,
) -> None:
    """Search for the cheapest timetable; Ctrl-C keeps the best. Exit code 1 when a hard constraint stays broken."""
    began = time.monotonic()
    from ray_jobs.scheduling.ihtp import read_instance, read_solution
    from ray_jobs.scheduling.solver.solve import solve as search_here
    from ray_jobs.scheduling.solver.spread import solve_spread

    search = partial(solve_spread, address=ray, actors=actors) if ray else search_here

    with _progress(seconds, show=not as_json) as told, _until_interrupted() as stop:

        def on_better(better: "Better") -> None:
            write_plan(out, better.solution)
            if as_json:
                event = {"event": "better", "seconds": round(better.seconds, 2), "cost": better.cost}
                typer.echo(json.dumps(event | {"violations": better.violations}))
            told(better)

        try:
            problem = read_instance(instance)
            given = None if start is None else read_solution(start)
            left = seconds - (time.monotonic() - began) - WRITING_SECONDS
            found = search(
                problem,
                seconds=max(0.1, left),
                threads=threads,
                seed=seed,
                iterations=iterations,
                start=given,
                on_better=on_better,
                stop=stop,
            )
            write_plan(out, found.solution)
        except ConnectionError as e:
            typer.echo(f"no answer from Ray at {ray}: {e}", err=True)
            raise typer.Exit(NO_DEPENDENCY) from e
        except (OSError, ValueError) as e:
            typer.echo(f"cannot solve {instance.name}: {e}", err=True)
            raise typer.Exit(BAD_INPUT) from e
    _say(found, as_json=as_json)
    if not found.feasible:
        _say_why(problem, as_json=as_json)
        raise typer.Exit(INFEASIBLE)


def write_plan(out: Path, solution: "Solution") -> None:
    """Write a solution in one step: a reader sees the plan before or this one, never half of it."""
    part = out.with_name(f".{out.name}.{os.getpid()}")
    part.write_text(json.dumps(solution.model_dump(mode="json", exclude_none=True)), encoding="utf-8")
    part.replace(out)


def _say(found: "Solved", *, as_json: bool) -> None:
    broken = {name: count for name, count in found.violations.items() if count}
    if as_json:
        event = {"event": "solved", "seconds": round(found.seconds, 2), "iterations": found.iterations}
        typer.echo(json.dumps(event | {"cost": found.cost, "violations": broken, "costs": found.costs}))
        return
    for name, value in found.costs.items():
        typer.echo(f"{name:32} {value:>9}")
    typer.echo(f"{'total_cost':32} {found.cost:>9}   {found.iterations:,} steps a thread in {found.seconds:.1f} s")
    for name, count in broken.items():
        typer.echo(f"no plan found without this violation: {name}, {count} times", err=True)


def _say_why(problem: "Instance", *, as_json: bool) -> None:
    """Minimal sets of patients of whom not all can be planned, where that can be proven in a few seconds."""
    from ray_jobs.scheduling.conflicts import conflicts

    for found in conflicts(problem):
        if as_json:
            event = {"event": "conflict", "text": found.text, "patients": found.patients, "resource": found.resource}
            typer.echo(json.dumps(event | {"short": found.short}))
        else:
            typer.echo(f"cannot be: {found.text}", err=True)


@contextmanager
def _progress(seconds: float, *, show: bool) -> "Iterator[Callable[[Better], None]]":
    """A bar of the time, with the best cost so far, on standard error; lines instead where that is no terminal."""
    console = Console(stderr=True)
    if not show or not console.is_terminal:

        def line(better: "Better") -> None:
            if show:
                broken = f", {better.violations} violations" if better.violations else ""
                console.print(f"{better.seconds:7.1f} s  cost {better.cost}{broken}", highlight=False)

        yield line
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("first plan", total=seconds)

        def update(better: "Better") -> None:
            broken = f" ({better.violations} violations)" if better.violations else ""
            bar.update(task, description=f"cost {better.cost}{broken}", completed=better.seconds)

        yield update


@contextmanager
def _until_interrupted() -> Iterator[Callable[[], bool]]:
    """Ctrl-C and SIGTERM end the search, not the program: the best plan is written."""
    asked: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        asked.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
