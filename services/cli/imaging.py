"""`wardwatch imaging`: score pictures offline through the code that reads live, train the models, measure them."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from services.cli import imaging_bench

if TYPE_CHECKING:
    from collections.abc import Callable

app = typer.Typer(help="Score, train and measure imaging models.", no_args_is_help=True)
app.command()(imaging_bench.bench)
app.command()(imaging_bench.explain)
BAD_INPUT = 2
SLICE_MODELS = ("lung-ct", "brain-mri")
CACHE = Path.home() / ".cache" / "wardwatch" / "imaging"

ModelName = Annotated[str, typer.Option("--model", help="A model of the registry, see `wardwatch models`.")]
Data = Annotated[Path | None, typer.Option(help="Folder that holds cxr_pneumonia; default: ../shared/data.")]
Work = Annotated[Path, typer.Option(help="Where decoded films, checkpoints and the log are kept.")]
Models = Annotated[Path | None, typer.Option(help="Folder of models; default: the registry's.")]
Version = Annotated[str, typer.Option(help="Version on the card.")]


@app.command()
def score(
    source: Annotated[Path, typer.Argument(metavar="IN", help="Folder, searched through, of JPEG, PNG or DICOM.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="CSV: path, probability, label, decision, assessable …")],
    model: ModelName = "chest-pneumonia",
    models: Models = None,
) -> None:
    """Read every picture under IN; a file that cannot be read is a row that says why."""
    from ray_jobs.imaging.score import score as scored
    from ray_jobs.registry import RegistryError

    try:
        with _bar("films") as told:
            files, refused = scored(model, source, out, progress=told, models=models)
    except (OSError, RegistryError) as error:
        _refuse("score", error)
    typer.echo(f"{files} files, {refused} not assessable → {out}")


@app.command()
def train(
    model: ModelName = "chest-pneumonia",
    data: Data = None,
    work: Work = CACHE,
    models: Models = None,
    version: Version = "1",
    seed: Annotated[int, typer.Option(help="Same seed, same weights.")] = 0,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 2,
) -> None:
    """Train from ImageNet weights to shipped files and card (half an hour on 2 cores); goes on where it was cut off."""
    from ray_jobs.imaging.films import shared_data
    from ray_jobs.imaging.release import release
    from ray_jobs.imaging.subtype_train import SubtypeRecipe, train_branch
    from ray_jobs.imaging.train import Recipe
    from ray_jobs.imaging.train import train as trained
    from ray_jobs.registry import models_folder

    _known(model)
    source = data or shared_data()
    folder = (models or models_folder()) / model
    try:
        if model in SLICE_MODELS:
            from ray_jobs.imaging.slice_release import train_slices

            train_slices(model, source, work, folder, version=version)
            evaluate(model=model, data=data, work=work, models=models or models_folder())
            return
        weights = trained(source, work, Recipe(seed=seed, threads=threads))
        train_branch(weights, source, work, SubtypeRecipe(seed=seed, threads=threads))
        card = release(source, work, folder, version=version)
    except OSError as error:
        _refuse("train", error)
    typer.echo(f"{card.name} {card.version}: threshold {card.threshold}")
    evaluate(model=model, data=data, work=work, models=models)


@app.command()
def evaluate(
    model: ModelName = "chest-pneumonia",
    data: Data = None,
    work: Work = CACHE,
    models: Models = None,
    as_json: Annotated[bool, typer.Option("--json", help="The whole report, with ROC points, as JSON.")] = False,
    page: Annotated[Path | None, typer.Option(help="Also write MODEL.md and its curves to this folder.")] = None,
    sheet: Annotated[
        Path | None, typer.Option("--cases", help="Also draw right, wrong, referred and refused pictures: a PNG.")
    ] = None,
) -> None:
    """Measure a model on patients that neither training nor threshold saw."""
    from ray_jobs.imaging.evaluate import evaluate as measured
    from ray_jobs.imaging.films import shared_data
    from ray_jobs.registry import RegistryError

    _known(model)
    try:
        if model in SLICE_MODELS:
            from ray_jobs.imaging.slice_figures import evaluate_slices

            report = evaluate_slices(model, models=models)
        else:
            report = measured(model, data or shared_data(), work, models=models)
        if page is not None:
            from ray_jobs.imaging.page import write_page
            from ray_jobs.imaging.sheets import draw_curves
            from ray_jobs.registry import load_card

            draw_curves(report, page / model)
            Console(stderr=True).print(f"→ {write_page(load_card(model, models), report, page)}")
        if sheet is not None:
            from ray_jobs.imaging.cases import cases
            from ray_jobs.imaging.sheets import draw_cases

            drawn = draw_cases(cases(model, data or shared_data(), work, models=models), sheet)
            Console(stderr=True).print(f"→ {drawn}: it shows people's pictures, keep it where they may lie")
    except (OSError, RegistryError) as error:
        _refuse("evaluate", error)
    if as_json:
        typer.echo(json.dumps(report, indent=1))
    else:
        _show(report)


def _show(report: Mapping[str, Any]) -> None:
    console = Console()
    title = f"{report['model']} {report['version']} on {report['films']['outer']} films of other patients"
    table = Table("figure", "value", "95 % interval", title=title)
    for name, row in report["outer"].items():
        table.add_row(name, f"{row['value']:.3f}", f"{row['low']:.3f} to {row['high']:.3f}")
    console.print(table)
    for part in ("confusion", "subgroups", "accuracy by share referred", "refused"):
        if part not in report:
            continue
        console.print(f"{part}: " + ", ".join(f"{name} {value}" for name, value in report[part].items()))
    console.print(
        f"referred to a person: {report['referred']}; accuracy of the rest: {report['accuracy of the decided']}"
    )


def _known(model: str) -> None:
    if model != "chest-pneumonia" and model not in SLICE_MODELS:
        known = ", ".join(("chest-pneumonia", *SLICE_MODELS))
        typer.echo(f"no recipe for model {model}; there are: {known}", err=True)
        raise typer.Exit(BAD_INPUT)


def _refuse(what: str, error: Exception) -> NoReturn:
    typer.echo(f"cannot {what}: {error}", err=True)
    raise typer.Exit(BAD_INPUT) from error


@contextmanager
def _bar(what: str) -> Iterator["Callable[[int, int], None]"]:
    """One bar on the terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
