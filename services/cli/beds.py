"""`wardwatch beds`: forecast occupied beds from a daily history, learn its weights, and measure how good it is."""

import csv
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress

from services.cli import beds_evaluate

if TYPE_CHECKING:
    from collections.abc import Callable

    from ray_jobs.beds.daily import DailyForecast
    from ray_jobs.beds.history import History

app = typer.Typer(help="Forecast occupied beds.", no_args_is_help=True)
BAD_INPUT, MISSING = 2, 3
TOGETHER = 250
"""Locations of one history that are forecast as one pool; more are cut into blocks, whatever the number of jobs."""
app.command()(beds_evaluate.evaluate)


@app.command()
def forecast(
    history: Annotated[Path, typer.Argument(help="Daily CSV: date, location, occupied.")],
    out: Annotated[Path, typer.Argument(help="CSV to write: origin, date, location, level, value.")],
    horizon: Annotated[int, typer.Option(min=1, max=366, help="Days to forecast.")] = 28,
    origins: Annotated[str, typer.Option(help="Comma-separated dates; default: the history's last.")] = "",
    jobs: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 1,
    ray: Annotated[str, typer.Option(help="Address of a Ray cluster (or `local`) to run as tasks on.")] = "",
) -> None:
    """Forecast the days after each origin, from dates up to it: the mean and 23 quantiles for each location and day."""
    from ray_jobs.beds.history import read_history
    from ray_jobs.beds.parallel import blocks, forecast_many

    try:
        known = read_history(history)
        days = [date.fromisoformat(o.strip()) for o in origins.split(",") if o.strip()] or [known.last]
        pasts = [block for day in days for block in blocks(known.until(day), TOGETHER)]
    except (OSError, ValueError) as e:
        typer.echo(f"cannot forecast: {e}", err=True)
        raise typer.Exit(BAD_INPUT) from e
    if known.filled:
        typer.echo(f"{known.filled} missing values were filled from the week before", err=True)
    for name, beds in zip(known.locations, known.occupied, strict=True):
        if not beds.any():
            typer.echo(f"{name}: no bed was ever occupied; its forecast is 0", err=True)
    try:
        with (
            out.open("w", newline="", encoding="utf-8") as file,
            Progress(console=Console(stderr=True), transient=True) as progress,
        ):
            task = progress.add_task("forecasts", total=len(pasts))
            rows = csv.writer(file)
            rows.writerow(("origin", "date", "location", "level", "value"))
            for past, ahead in zip(pasts, forecast_many(pasts, horizon, jobs, ray), strict=True):
                _write(rows.writerow, past, ahead)
                progress.advance(task)
    except OSError as e:
        typer.echo(
            f"cannot write {out}: {e}" if not isinstance(e, ConnectionError) else f"no Ray at {ray}: {e}", err=True
        )
        raise typer.Exit(MISSING if isinstance(e, ConnectionError) else BAD_INPUT) from e


def _write(row: "Callable[[tuple[object, ...]], object]", history: "History", forecast: "DailyForecast") -> None:
    from ray_jobs.beds.levels import LEVELS

    for i, location in enumerate(history.locations):
        for h in range(forecast.mean.shape[1]):
            day = forecast.origin + timedelta(days=h + 1)
            row((forecast.origin, day, location, "mean", f"{forecast.mean[i, h]:.3f}"))
            for level, value in zip(LEVELS, forecast.quantiles[i, h], strict=True):
                row((forecast.origin, day, location, level, f"{value:.3f}"))


@app.command()
def train(
    history: Annotated[
        Path | None, typer.Argument(help="Daily CSV of two years or more; default: the German register in ../shared.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Weights to write.")] = Path("weights.json"),
    since: Annotated[
        str, typer.Option(help="Learn from this day on (the register was settling before).")
    ] = "2020-10-01",
) -> None:
    """Learn what holidays do and how beds move, as the shipped weights were learnt."""
    from ray_jobs.beds import shipped
    from ray_jobs.beds.train import train as learn

    try:
        known = beds_evaluate.read(history).after(date.fromisoformat(since))
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("horizons", total=shipped.HORIZON)
            weights = learn(known, lambda: progress.advance(task))
        shipped.write_weights(out, weights)
    except (OSError, ValueError) as e:
        typer.echo(f"cannot learn: {e}", err=True)
        raise typer.Exit(BAD_INPUT) from e
    typer.echo(f"{out}: version {weights.version}, {len(known.locations)} locations, {known.first} to {known.last}")


@app.command()
def bench(
    wards: Annotated[int, typer.Option(min=1, help="Wards of a made-up hospital group.")] = 1000,
    days: Annotated[int, typer.Option(min=1, max=3660, help="Days of history.")] = 730,
    jobs: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 2,
    ray: Annotated[str, typer.Option(help="Address of a Ray cluster (or `local`) to run as tasks on.")] = "",
) -> None:
    """Time the forecast of many wards for 28 days."""
    from ray_jobs.beds.history import History
    from ray_jobs.beds.parallel import blocks, forecast_many

    chance = np.random.default_rng(1)
    level = chance.uniform(5, 60, (wards, 1)) + np.cumsum(chance.normal(0, 0.3, (wards, days)), axis=1)
    week = 2.0 * np.sin(2 * np.pi * np.arange(days) / 7)
    beds = np.maximum(np.round(level + week + chance.normal(0, 2, (wards, days))), 0.0)
    known = History(date(2024, 1, 1), tuple(f"ward {n:04}" for n in range(wards)), beds)
    began = perf_counter()
    for _ in forecast_many(blocks(known, TOGETHER), 28, jobs, ray):
        pass
    typer.echo(f"{wards} wards, {days} days of history, 28 days ahead, {jobs} jobs: {perf_counter() - began:.1f} s")
