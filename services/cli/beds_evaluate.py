"""`wardwatch beds evaluate`: three tasks, each against its rivals in the same run, as a table or as JSON."""

import json
import os
from dataclasses import asdict, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from ray_jobs.beds.history import History

BAD_INPUT, MISSING = 2, 3
GERMAN_ICU = Path("data/icu_beds_germany/states.csv")
SITREPS = Path("data/uk_hospital_operations/winter_sitreps.parquet")
ARRIVALS = Path("data/ed_arrivals_iowa/hourly.csv.gz")
LEARN_FROM = date(2020, 10, 1)
SPACING_HOURS = 131
"""Between the origins of arrivals: not a multiple of a day, so that they begin at all hours."""


class Task(StrEnum):
    """What is forecast."""

    ICU = "icu"
    HOSPITAL = "hospital"
    ARRIVALS = "arrivals"


def evaluate(  # noqa: PLR0917 - each is an option that users type
    history: Annotated[Path | None, typer.Argument(help="Data of the task; default: that in ../shared.")] = None,
    task: Annotated[
        Task, typer.Option(help="Daily ICU beds, hospital beds a week ahead, or hourly arrivals.")
    ] = Task.ICU,
    count: Annotated[int, typer.Option(min=1, help="Rolling origins; for hospital the winters tested.")] = 12,
    every: Annotated[int, typer.Option(min=1, help="Days between origins (icu).")] = 28,
    window: Annotated[int, typer.Option(min=0, help="Days of past given to every method (icu); 0: all.")] = 365,
    shipped: Annotated[
        bool,
        typer.Option(
            help="Use the shipped weights, even if they know these days; else those of two years or more before (icu)."
        ),
    ] = False,
    ets: Annotated[bool, typer.Option(help="Compare with AutoETS (0.3 s a fit, hourly 10 s).")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    plot: Annotated[Path | None, typer.Option(help="PNG or SVG to draw (icu); needs matplotlib.")] = None,
) -> None:
    """Print errors, interval scores and coverage of this forecast and of its rivals."""
    shared = Path(os.environ.get("WARDWATCH_SHARED", Path(__file__).parents[3] / "shared"))
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(task.value, total=None)

        def each() -> None:
            progress.advance(bar)

        def total(steps: int) -> None:
            progress.update(bar, total=steps)

        try:
            if task is Task.ICU:
                found = _icu(history, count, every, window, ets=ets, shipped=shipped, plot=plot, total=total, each=each)
            elif task is Task.HOSPITAL:
                found = _hospital(history or shared / SITREPS, count, total, each)
            else:
                found = _arrivals(history or shared / ARRIVALS, count, ets=ets, total=total, each=each)
        except ModuleNotFoundError as e:
            typer.echo(f"{e.name} is not installed: pip install 'wardwatch[train]'", err=True)
            raise typer.Exit(MISSING) from e
        except (OSError, ValueError) as e:
            typer.echo(f"cannot evaluate: {e}", err=True)
            raise typer.Exit(BAD_INPUT) from e
    if as_json:
        typer.echo(json.dumps(found, default=str))
    else:
        _show(found)


def read(path: Path | None) -> "History":
    """A history file, or the German register where none is named; raises OSError or ValueError."""
    from ray_jobs.beds.evaluate import read_divi
    from ray_jobs.beds.history import read_history

    shared = Path(os.environ.get("WARDWATCH_SHARED", Path(__file__).parents[3] / "shared"))
    return read_divi(shared / GERMAN_ICU) if path is None else read_history(path)


def _icu(
    path: Path | None, count: int, every: int, window: int, *, ets: bool, shipped: bool, plot: Path | None,
    total: "Callable[[int], None]", each: "Callable[[], None]",
) -> dict[str, Any]:  # fmt: skip
    from ray_jobs.beds import evaluate as measured
    from ray_jobs.beds.picture import draw
    from ray_jobs.beds.shipped import HORIZON
    from ray_jobs.beds.shipped import shipped as weights_of_release
    from ray_jobs.beds.train import SHORTEST_DAYS, train

    known = read(path)
    days = measured.rolling_origins(known, max(measured.HORIZONS), every=every, count=count)
    before = known.until(days[0])
    shipped = shipped or before.occupied.shape[1] < SHORTEST_DAYS
    methods = {"naive": measured.naive} | ({"AutoETS": measured.auto_ets} if ets else {})
    total((len(methods) + 1) * len(days) + (0 if shipped else HORIZON))
    weights = weights_of_release() if shipped else train(before.after(max(before.first, LEARN_FROM)), each)
    scores = measured.evaluate(known, days, {"wardwatch": measured.ours_with(weights)} | methods, window or None, each)
    if plot is not None:
        draw(known, days, weights, window or None, scores, plot)
    return {
        "task": "icu", "locations": len(known.locations), "origins": len(days), "first": days[0], "last": days[-1],
        "window_days": window or None, "weights": weights.version, "learnt_until": None if shipped else before.last,
        "scores": [
            {**asdict(replace(s, covered=s.covered.mean())), "covered_by_location":
             dict(zip(known.locations, (round(float(c), 3) for c in s.covered), strict=True))} for s in scores
        ],
    }  # fmt: skip


def _hospital(path: Path, winters: int, total: "Callable[[int], None]", each: "Callable[[], None]") -> dict[str, Any]:
    from ray_jobs.beds.hospital import evaluate_winters, read_winters

    known = read_winters(path)
    tested = min(winters, len(known) - 2)
    total(tested)
    scores = evaluate_winters(known, tested, each)
    ours, weekday = (sum(e * s.forecasts for e, s in zip(errors, scores, strict=True)) for errors in
                     ([s.mae for s in scores], [s.same_weekday for s in scores]))  # fmt: skip
    return {
        "task": "hospital", "ratio": ours / weekday,
        "scores": [{**asdict(s), "ratio": s.mae / s.same_weekday} for s in scores],
    }  # fmt: skip


def _arrivals(
    path: Path, count: int, *, ets: bool, total: "Callable[[int], None]", each: "Callable[[], None]"
) -> dict[str, Any]:
    from ray_jobs.beds.hourly import HORIZON, LEARN_WEEKS, METHODS, evaluate_arrivals, read_arrivals
    from ray_jobs.beds.stay import WEEK

    first, counts = read_arrivals(path)
    origins = [o for n in range(count) if (o := len(counts) - HORIZON - SPACING_HOURS * n) >= LEARN_WEEKS * WEEK][::-1]
    methods = METHODS if ets else METHODS[:2]
    total(len(methods) * len(origins))
    return {
        "task": "arrivals", "hours_ahead": HORIZON, "origins": len(origins),
        "scores": [asdict(s) for s in evaluate_arrivals(first, counts, origins, methods, each)],
    }  # fmt: skip


def _show(found: dict[str, Any]) -> None:
    rows = found["scores"]
    titles = {
        "icu": "{locations} locations, {origins} origins {first} to {last}, past of {window_days} days, learnt until "
        "{learnt_until}",
        "hospital": "occupied general and acute beds 7 days ahead, from what was known then; all winters {ratio:.3f}",
        "arrivals": "arrivals by the hour, {hours_ahead} hours ahead, {origins} origins",
    }
    names = [name for name in rows[0] if name not in ("covered_by_location", "learnt_from")]
    table = Table(*(name.replace("_", " ") for name in names), title=titles[found["task"]].format(**found))
    for row in rows:
        table.add_row(*(_cell(row[name]) for name in names))
    Console().print(table)
    for row in rows:
        if "covered_by_location" in row and row["method"] == "wardwatch" and row is _last(rows, "wardwatch"):
            by = Table("location", "80 % covers", title=f"days 1 to {row['horizon']}")
            for location, share in row["covered_by_location"].items():
                by.add_row(location, f"{share:.0%}")
            Console().print(by)


def _last(rows: list[dict[str, Any]], method: str) -> dict[str, Any]:
    return [row for row in rows if row["method"] == method][-1]


def _cell(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else "" if value is None else str(value)
