"""`wardwatch schedule bench`: one table of runs over a folder of instances, grown run by run, and its report."""

import csv
import os
import platform
import statistics
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from ray_jobs.scheduling.solver.solve import Solved

MARKS = (1, 10, 30, 60, 120, 300, 600)
"""Seconds at which the cost so far is noted."""
FIELDS = (
    *("instance", "seed", "seconds", "threads", "machine", "cost", "violations", "best_known", "gap_percent"),
    *("first_feasible_seconds", "million_steps"),
    *(f"cost_at_{mark}" for mark in MARKS),
)
Row = dict[str, str]


def bench(
    folder: Annotated[Path, typer.Argument(help="Folder of instances; best_known.csv beside or above it.")],
    table: Annotated[Path, typer.Argument(help="CSV of results: runs that stand in it are not done again.")],
    seconds: Annotated[float, typer.Option(min=1, help="Time of each run.")] = 120,
    threads: Annotated[int, typer.Option(min=1, max=64, help="Searches side by side.")] = 2,
    seed: Annotated[int, typer.Option(min=0, help="Seed of each run.")] = 0,
    instances: Annotated[str, typer.Option(help="Comma-separated names; default: all of the folder.")] = "",
    report: Annotated[bool, typer.Option("--report", help="Run nothing: print the table as Markdown.")] = False,
) -> None:
    """Solve every instance once for this seed, time and threads; stop and go on as you like."""
    rows = read_table(table)
    if report:
        typer.echo(markdown(rows))
        return
    from ray_jobs.scheduling.ihtp import read_instance
    from ray_jobs.scheduling.solver.solve import solve

    try:
        known = _best_known(folder)
        wanted = [n.strip() for n in instances.split(",") if n.strip()] or sorted(p.stem for p in folder.glob("*.json"))
        problems = {name: read_instance(folder / f"{name}.json") for name in wanted}
    except (OSError, ValueError) as e:
        typer.echo(f"cannot read the instances: {e}", err=True)
        raise typer.Exit(2) from e
    console = Console(stderr=True)
    done = {(r["instance"], r["seed"], float(r["seconds"]), r["threads"]) for r in rows}
    for name, problem in problems.items():
        if (name, str(seed), seconds, str(threads)) in done:
            continue
        row = _row(solve(problem, seconds=seconds, threads=threads, seed=seed), known.get(name))
        row |= {"instance": name, "seed": str(seed), "seconds": f"{seconds:g}", "threads": str(threads)}
        _append(table, row | {"machine": f"{platform.machine()}, {os.cpu_count()} cores"})
        console.print(f"{name}  cost {row['cost']}  gap {row['gap_percent']} %", highlight=False)


def _row(found: "Solved", best: int | None) -> Row:
    """What is measured of one run."""
    broken = sum(found.violations.values())
    first = next((f"{s:.2f}" for s, violations, _ in found.trajectory if not violations), "")
    row = {"cost": str(found.cost), "violations": str(broken), "first_feasible_seconds": first}
    row |= {"best_known": "" if best is None else str(best), "million_steps": f"{found.iterations / 1e6:.1f}"}
    row["gap_percent"] = "" if best is None or broken else f"{100 * (found.cost / best - 1):.2f}"
    for mark in MARKS:
        if mark <= found.seconds + 1:
            costs = [cost for s, violations, cost in found.trajectory if s <= mark and not violations]
            row[f"cost_at_{mark}"] = str(min(costs)) if costs else ""
    return row


def read_table(table: Path) -> list[Row]:
    """The runs so far; none where there is no table yet."""
    if not table.exists():
        return []
    with table.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _append(table: Path, row: Row) -> None:
    new = not table.exists()
    with table.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, FIELDS, restval="", lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)


def _best_known(folder: Path) -> dict[str, int]:
    """Best costs known, where a best_known.csv (instance, best_known) is in the folder or above it."""
    for place in (folder, folder.resolve().parent):
        path = place / "best_known.csv"
        if path.exists():
            with path.open(newline="", encoding="utf-8") as file:
                return {row["instance"]: int(row["best_known"]) for row in csv.DictReader(file)}
    return {}


def markdown(rows: list[Row]) -> str:
    """Three tables: the mean gap for each time and number of threads, the gap as it falls, and every run."""
    groups: dict[tuple[float, int], list[Row]] = defaultdict(list)
    for row in rows:
        groups[float(row["seconds"]), int(row["threads"])].append(row)
    lines = ["| seconds | threads | runs | feasible | mean gap | median | worst |", "|---|---|---|---|---|---|---|"]
    for (seconds, threads), group in sorted(groups.items()):
        gaps = [float(r["gap_percent"]) for r in group if r["gap_percent"]]
        feasible = sum(r["violations"] == "0" for r in group)
        spread = (
            f"{statistics.mean(gaps):.2f} % | {statistics.median(gaps):.2f} % | {max(gaps):.2f} %" if gaps else "| |"
        )
        lines.append(f"| {seconds:g} | {threads} | {len(group)} | {feasible} | {spread} |")
    marks = [m for m in MARKS if any(r.get(f"cost_at_{m}") for r in rows)]
    lines += ["", "Mean gap of the best plan so far, over the instances that had a feasible one by then:", ""]
    lines += ["| run | " + " | ".join(f"{m} s" for m in marks) + " |", "|---" * (len(marks) + 1) + "|"]
    for (seconds, threads), group in sorted(groups.items()):
        cells = (_mean_at(group, mark) for mark in marks)
        lines.append(f"| {seconds:g} s, {threads} threads | " + " | ".join(cells) + " |")
    lines += ["", "| instance | seconds | threads | seed | cost | best known | gap | first feasible | million steps |"]
    lines += ["|---" * 9 + "|"]
    for r in sorted(rows, key=lambda r: (float(r["seconds"]), r["threads"], r["instance"], int(r["seed"]))):
        gap = f"{r['gap_percent']} %" if r["gap_percent"] else f"{r['violations']} violations"
        shown = (r["instance"], r["seconds"], r["threads"], r["seed"], r["cost"], r["best_known"], gap)
        lines.append("| " + " | ".join((*shown, f"{r['first_feasible_seconds']} s", r["million_steps"])) + " |")
    return "\n".join(lines)


def _mean_at(group: list[Row], mark: int) -> str:
    """Mean gap at a mark, with how many instances it is over."""
    gaps = [100 * (int(r[f"cost_at_{mark}"]) / int(r["best_known"]) - 1) for r in group if r.get(f"cost_at_{mark}")]
    return f"{statistics.mean(gaps):.2f} % ({len(gaps)})" if gaps else ""
