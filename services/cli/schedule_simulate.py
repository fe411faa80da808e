"""`wardwatch schedule simulate`: what a timetable meets when operations and stays vary, beside one with more room."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from ray_jobs.scheduling.ihtp import Instance, Solution
    from ray_jobs.scheduling.robust import Robust

BAD_INPUT = 2


def simulate(
    instance: Annotated[Path, typer.Argument(help="Instance JSON (IHTC 2024).")],
    solution: Annotated[Path, typer.Argument(help="Solution JSON (IHTC 2024).")],
    *,
    runs: Annotated[int, typer.Option(min=1, max=100_000, help="How many times the days are simulated.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Of the chance.")] = 0,
    robust: Annotated[
        float, typer.Option(min=0, help="Seconds for plans with more room, compared with this one; 0: none.")
    ] = 0,
    overflow: Annotated[float, typer.Option(min=0, max=1, help="Accepted chance of too few beds on a day.")] = 0.05,
    cancelled: Annotated[float, typer.Option(min=0, max=1, help="Accepted share of operations sent home.")] = 0.05,
    out: Annotated[Path | None, typer.Option(help="Write the plan with more room here.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Simulate a timetable: overtime, cancellations, overflow; exit code 2 where it cannot be read."""
    from ray_jobs.scheduling.check import check_timetable
    from ray_jobs.scheduling.ihtp import read_instance, read_solution

    try:
        problem, plan = read_instance(instance), read_solution(solution)
        check_timetable(problem, plan)
    except (OSError, ValueError) as e:
        typer.echo(f"cannot simulate {solution.name} of {instance.name}: {e}", err=True)
        raise typer.Exit(BAD_INPUT) from e
    with Console(stderr=True).status(
        "simulating" if not robust else "simulating, and looking for a plan with more room"
    ):
        found = _compare(problem, plan, runs, seed, robust, overflow, cancelled)
    rows = {name: {"plan": value} for name, value in found.planned.table().items()}
    rows["cost"] = {"plan": float(check_timetable(problem, plan)["total_cost"])}
    if robust:
        for name, value in found.robust.table().items():
            rows[name]["with room"] = value
        rows["cost"]["with room"] = float(check_timetable(problem, found.solution)["total_cost"])
        if out is not None:
            out.write_text(found.solution.model_dump_json())
    _print(rows, as_json=as_json)


def _compare(
    problem: "Instance", plan: "Solution", runs: int, seed: int, seconds: float, overflow: float, cancelled: float
) -> "Robust":
    from ray_jobs.scheduling.robust import SHARES, Limits, robust

    def again(harder: "Instance") -> "Solution | None":
        if not seconds:
            return None
        from ray_jobs.scheduling.solver.solve import solve

        solved = solve(harder, seconds=seconds / len(SHARES), seed=seed, start=plan)
        return solved.solution if solved.feasible else None

    wards = {room.id: "all rooms" for room in problem.rooms}
    return robust(problem, plan, again, limits=Limits(overflow, cancelled), runs=runs, seed=seed, wards=wards)


def _print(rows: dict[str, dict[str, float]], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(rows))
        return
    columns = list(rows["cost"])
    table = Table("", *columns)
    for name, values in rows.items():
        table.add_row(name, *(f"{values.get(column, 0):g}" for column in columns))
    Console().print(table)
