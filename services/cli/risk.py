"""`wardwatch risk`: score stays offline through the code that scores live, train the models, measure them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from ray_jobs.risk.training.recipes import Recipe
    from ray_jobs.risk.training.tables import Progress as Told

app = typer.Typer(help="Score, train and measure risk models.", no_args_is_help=True)
BAD_INPUT = 2
DATA = {"hourly": Path("data/sepsis2019"), "once": Path("data/mortality2012")}

ModelName = Annotated[str, typer.Option("--model", help="A model of the registry, see `wardwatch models`.")]
Data = Annotated[
    Path | None,
    typer.Option(help="Folder of the data (sepsis2019, mortality2012) or one above; default: ../shared."),
]
Threads = Annotated[int, typer.Option(min=1, help="CPU threads.")]


@app.command()
def score(
    table: Annotated[Path, typer.Argument(metavar="IN", help="Parquet like sepsis2019 or mortality2012.")],
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="Parquet: patient and ICULOS (or RecordID), probability, alarm.")
    ],
    model: ModelName = "sepsis",
    threads: Threads = 1,
) -> None:
    """Score every hour of the stays in IN (row t uses rows up to t of its patient only), or every stay of 48 hours."""
    from ray_jobs.registry import RegistryError
    from ray_jobs.risk.courses import read_courses
    from ray_jobs.risk.local import Scorer
    from ray_jobs.risk.published import score_published
    from ray_jobs.risk.score import score as score_hours
    from ray_jobs.risk.score import score_courses
    from ray_jobs.risk.scores import PUBLISHED
    from ray_jobs.risk.stays import BadTableError, read_table

    try:
        with _progress() as bar:

            def told(done: int, total: int) -> None:
                bar("scoring", done, total)

            if model in PUBLISHED:
                answers = score_published(model, read_table(table), progress=told)
                said = f"{len(answers)} hours, {int(answers['alarm'].sum())} at or above the published level"
            elif (scorer := Scorer(model)).card.feature_set == "course":
                answers = score_courses(scorer, read_courses(table), threads=threads, progress=told)
                said = f"{len(answers)} stays, {int(answers['alarm'].sum())} alarms"
            else:
                answers = score_hours(scorer, read_table(table), threads=threads, progress=told)
                people = answers["patient"].nunique()
                said = f"{len(answers)} hours of {people} patients, {int(answers['alarm'].sum())} alarms"
        answers.to_parquet(out, index=False)
    except (OSError, BadTableError, RegistryError) as error:
        _refuse("score", error)
    typer.echo(said)


@app.command()
def train(
    model: ModelName = "sepsis",
    data: Data = None,
    work: Annotated[Path, typer.Option(help="Where stages are kept, to go on from.")] = Path(".work/risk"),
    models: Annotated[Path | None, typer.Option(help="Folder to ship to; default: the registry's.")] = None,
    threads: Threads = 2,
) -> None:
    """Train a model from the data folder to shipped weights, then measure it; a second run goes on where it stopped."""
    from ray_jobs.registry import models_folder
    from ray_jobs.risk import train as training
    from ray_jobs.risk.stays import BadTableError

    recipe, folder = _recipe(model), models or models_folder()
    try:
        with _progress(work / f"{model}.log") as told:
            card, choices = training.train_and_ship(
                recipe, _data(recipe, data), work, folder, threads=threads, progress=told
            )
    except (OSError, BadTableError) as error:
        _refuse("train", error)
    spread = "; ".join(f"{name} {min(told):.3f} to {max(told):.3f}" for name, told in choices.spread.items())
    typer.echo(f"{card.name} {card.version}: inner folds {spread}")
    evaluate(model=model, data=data, models=models, threads=threads)


@app.command()
def evaluate(
    model: Annotated[str | None, typer.Option("--model", help="One model; default: every risk model there is.")] = None,
    data: Data = None,
    models: Annotated[Path | None, typer.Option(help="Folder of the models; default: the registry's.")] = None,
    pages: Annotated[
        Path | None, typer.Option(help="Folder for pages with pictures (default: docs/models of a checkout).")
    ] = None,
    threads: Threads = 1,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="The figures as JSON on standard output.")] = False,
) -> None:
    """Measure models on patients they never saw; writes metrics.json, card.md and the page with pictures."""
    import json

    from ray_jobs.registry import RegistryError, load_card, models_folder
    from ray_jobs.risk.card import plain, write_figures
    from ray_jobs.risk.evaluate import evaluate as measured
    from ray_jobs.risk.evaluation.table import table
    from ray_jobs.risk.stays import BadTableError
    from ray_jobs.risk.training.recipes import RECIPES

    folder = models or models_folder()
    names = [model] if model else [name for name in RECIPES if (folder / name).exists()]
    told_all: dict[str, Any] = {}
    for name in names:
        recipe = _recipe(name)
        try:
            with _progress() as told:
                figures = measured(
                    name, _data(recipe, data), threads=threads, progress=told, models=folder, pages=pages
                )
            write_figures(figures, load_card(name, folder), folder)
        except (OSError, BadTableError, RegistryError) as error:
            _refuse("evaluate", error)
        told_all[name] = figures
        if not as_json:
            Console().print(table(figures))
    if as_json:
        typer.echo(json.dumps(plain(told_all), indent=1, allow_nan=False))


def _recipe(model: str) -> "Recipe":
    from ray_jobs.risk.training.recipes import RECIPES

    if model not in RECIPES:
        typer.echo(f"no recipe for model {model}; there are: {', '.join(RECIPES)}", err=True)
        raise typer.Exit(BAD_INPUT)
    return RECIPES[model]


def _data(recipe: "Recipe", given: Path | None) -> Path:
    """The folder of a model's data: the one given, the one it holds, or that of the shared material."""
    shared = Path(os.environ.get("WARDWATCH_SHARED", Path(__file__).parents[3] / "shared"))
    wanted = DATA[recipe.kind]
    if given is None:
        return shared / wanted
    return next((folder for folder in (given / wanted, given / wanted.name) if folder.is_dir()), given)


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
