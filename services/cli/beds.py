"""`wardwatch beds`: forecast occupied beds from a daily history, and measure how good that is."""

import csv
import os
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from ray_jobs.beds.daily import DailyForecast
    from ray_jobs.beds.evaluate import Score
    from ray_jobs.beds.history import History

app = typer.Typer(help="Forecast occupied beds.", no_args_is_help=True)
BAD_INPUT = 2
GERMAN_ICU = Path("data/icu_beds_germany/states.csv")


@app.command()
def forecast(
    history: Annotated[Path, typer.Argument(help="Daily CSV: date, location, occupied.")],
    out: Annotated[Path, typer.Argument(help="CSV to write: origin, date, location, level, value.")],
    horizon: Annotated[int, typer.Option(min=1, max=366, help="Days to forecast.")] = 28,
    origins: Annotated[str, typer.Option(help="Comma-separated dates; default: the history's last.")] = "",
) -> None:
    """Forecast the days after each origin, from dates up to it: the mean and 23 quantiles for each location and day."""
    from ray_jobs.beds.daily import forecast_daily
    from ray_jobs.beds.history import read_history

    try:
        known = read_history(history)
        days = [date.fromisoformat(o.strip()) for o in origins.split(",") if o.strip()] or [known.last]
        pasts = [known.until(day) for day in days]
    except (OSError, ValueError) as e:
        typer.echo(f"cannot forecast: {e}", err=True)
        raise typer.Exit(BAD_INPUT) from e
    if known.filled:
        typer.echo(f"{known.filled} missing values were filled from the week before", err=True)
    with out.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("origin", "date", "location", "level", "value"))
        for past in pasts:
            _write(rows.writerow, past, forecast_daily(past, horizon))


def _write(row: "Callable[[tuple[object, ...]], object]", history: "History", forecast: "DailyForecast") -> None:
    from ray_jobs.beds.levels import LEVELS

    for i, location in enumerate(history.locations):
        for h in range(forecast.mean.shape[1]):
            day = forecast.origin + timedelta(days=h + 1)
            row((forecast.origin, day, location, "mean", f"{forecast.mean[i, h]:.3f}"))
            for level, value in zip(LEVELS, forecast.quantiles[i, h], strict=True):
                row((forecast.origin, day, location, level, f"{value:.3f}"))


@app.command()
def evaluate(
    history: Annotated[
        Path | None, typer.Argument(help="Daily CSV; default: the German intensive care register in ../shared.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="Number of rolling origins.")] = 12,
    every: Annotated[int, typer.Option(min=1, help="Days between origins.")] = 28,
    window: Annotated[int, typer.Option(min=0, help="Days of past given to every method; 0: all.")] = 365,
    ets: Annotated[bool, typer.Option(help="Compare with AutoETS (about 0.3 s a fit).")] = True,
) -> None:
    """Print error, interval score and coverage of this forecast, naive and AutoETS on rolling origins."""
    from ray_jobs.beds import evaluate as measured
    from ray_jobs.beds.history import read_history

    shared = Path(os.environ.get("WARDWATCH_SHARED", Path(__file__).parents[3] / "shared"))
    try:
        known = measured.read_divi(shared / GERMAN_ICU) if history is None else read_history(history)
        days = measured.rolling_origins(known, max(measured.HORIZONS), every=every, count=count)
        known.until(days[0])
    except (OSError, ValueError) as e:
        typer.echo(f"cannot evaluate: {e}", err=True)
        raise typer.Exit(BAD_INPUT) from e
    methods = {"naive": measured.naive, "wardwatch": measured.ours} | ({"AutoETS": measured.auto_ets} if ets else {})
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("origins", total=len(methods) * len(days))
        scores = measured.evaluate(known, days, methods, window or None, lambda: progress.advance(task))
    title = (
        f"{len(known.locations)} locations, {len(days)} origins {days[0]} to {days[-1]}, past of {window or 'all'} days"
    )
    Console().print(_table(scores, title))


def _table(scores: "list[Score]", title: str) -> Table:
    table = Table("method", "days", "MAE", "WIS", "80 % covers", "least to most", title=title)
    for s in scores:
        cells = (f"{s.mae:.2f}", f"{s.wis:.2f}", f"{s.covered.mean():.1%}")
        table.add_row(s.method, f"1-{s.horizon}", *cells, f"{s.covered.min():.0%} to {s.covered.max():.0%}")
    return table
