"""`wardwatch risk`: score stays offline through the code that scores live, train the models, measure them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

if TYPE_CHECKING:
    from ray_jobs.risk.dataset import Progress as Told

app = typer.Typer(help="Score, train and measure risk models.", no_args_is_help=True)
BAD_INPUT = 2
SEPSIS = Path("data/sepsis2019")

ModelName = Annotated[str, typer.Option("--model", help="A model of the registry, see `wardwatch models`.")]
Data = Annotated[
    Path | None, typer.Option(help="Folder of hospital_a.parquet and hospital_b.parquet; default: ../shared.")
]
Threads = Annotated[int, typer.Option(min=1, help="CPU threads.")]


@app.command()
def score(
    table: Annotated[Path, typer.Argument(metavar="IN", help="Parquet like sepsis2019, with or without SepsisLabel.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Parquet: patient, ICULOS, probability, alarm.")],
    model: ModelName = "sepsis",
    threads: Threads = 1,
) -> None:
    """Score every hour of the stays in IN; row t uses rows up to t of its patient only."""
    from ray_jobs.registry import RegistryError
    from ray_jobs.risk.local import Scorer
    from ray_jobs.risk.score import score as scored
    from ray_jobs.risk.stays import BadTableError, read_table

    try:
        scorer, stays = Scorer(model), read_table(table)
        with _progress() as told:
            answers = scored(scorer, stays, threads=threads, progress=lambda done, total: told("scoring", done, total))
        answers.to_parquet(out, index=False)
    except (OSError, BadTableError, RegistryError) as error:
        _refuse("score", error)
    typer.echo(f"{len(answers)} hours of {answers['patient'].nunique()} patients, {int(answers['alarm'].sum())} alarms")


@app.command()
def train(
    model: ModelName = "sepsis",
    data: Data = None,
    work: Annotated[Path, typer.Option(help="Where stages are kept, to go on from.")] = Path(".work/risk"),
    models: Annotated[Path | None, typer.Option(help="Folder to ship to; default: the registry's.")] = None,
    threads: Threads = 2,
) -> None:
    """Train a sepsis model from the data folder to shipped weights (10 minutes on 2 cores), then measure it."""
    from ray_jobs.registry import models_folder
    from ray_jobs.risk import train as training
    from ray_jobs.risk.card import ship
    from ray_jobs.risk.stays import BadTableError

    _known(model)
    try:
        with _progress(work / f"{model}.log") as told:
            trees, choices = training.train(model, _data(data), work, threads=threads, progress=told)
    except (OSError, BadTableError) as error:
        _refuse("train", error)
    card = ship(model, trees, choices, models or models_folder())
    typer.echo(f"{card.name} {card.version}: {choices.trees} trees, utility {choices.utility:.3f} on the inner folds")
    evaluate(model=model, data=data, models=models, threads=threads)


@app.command()
def evaluate(
    model: ModelName = "sepsis",
    data: Data = None,
    models: Annotated[Path | None, typer.Option(help="Folder of the models; default: the registry's.")] = None,
    threads: Threads = 1,
) -> None:
    """Measure a model on patients it never saw; writes its metrics.json and card.md."""
    from ray_jobs.registry import RegistryError, load_card, models_folder
    from ray_jobs.risk.card import write_figures
    from ray_jobs.risk.evaluate import evaluate as measured
    from ray_jobs.risk.stays import BadTableError

    _known(model)
    folder = models or models_folder()
    try:
        with _progress() as told:
            figures = measured(model, _data(data), threads=threads, progress=told, models=folder)
        write_figures(figures, load_card(model, folder), folder)
    except (OSError, BadTableError, RegistryError) as error:
        _refuse("evaluate", error)
    Console().print(_table(figures))


def _table(figures: dict[str, Any]) -> Table:
    from ray_jobs.risk.card import ROWS

    parts = {key: value for key, value in figures.items() if isinstance(value, dict)}
    table = Table("", *parts, title=f"{figures['model']} {figures['version']}, 95 % intervals over patients")
    for title, key in ROWS:
        cells = (p[key] for p in parts.values())
        table.add_row(title, *(f"{c['value']:.3f} ({c['low']:.3f} to {c['high']:.3f})" for c in cells))
    table.add_row("Calibration slope", *(f"{p['calibration']['slope']:.2f}" for p in parts.values()))
    return table


def _known(model: str) -> None:
    from ray_jobs.risk.train import MODELS

    if model not in MODELS:
        typer.echo(f"no recipe for model {model}; there are: {', '.join(MODELS)}", err=True)
        raise typer.Exit(BAD_INPUT)


def _data(given: Path | None) -> Path:
    shared = Path(os.environ.get("WARDWATCH_SHARED", Path(__file__).parents[3] / "shared"))
    return given or shared / SEPSIS


def _refuse(what: str, error: Exception) -> None:
    typer.echo(f"cannot {what}: {error}", err=True)
    raise typer.Exit(BAD_INPUT) from error


@contextmanager
def _progress(log: Path | None = None) -> Iterator["Told"]:
    """A bar per stage on the terminal, and a line per finished stage in the log."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    if log:
        log.parent.mkdir(parents=True, exist_ok=True)
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks: dict[str, Any] = {}

        def told(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done)
            if log and done == total:
                with log.open("a", encoding="utf-8") as file:
                    file.write(f"{progress.tasks[tasks[what]].finished_time or 0:8.1f} s  {what}\n")

        yield told
