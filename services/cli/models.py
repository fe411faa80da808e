"""`wardwatch models`: what the model registry holds, whether it is what was released, and signing one's own."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

app = typer.Typer(help="The models of the registry.", invoke_without_command=True)
NOT_OK = 1
BAD_INPUT = 2


@app.command("new-key")
def new_key(
    path: Annotated[Path, typer.Argument(help="Where the private key goes; the public one is put beside it as .pub.")],
) -> None:
    """Make a key pair to sign your own models with; name its .pub file in WARDWATCH_MODEL_KEYS."""
    from ray_jobs import signing

    try:
        public = signing.new_key(path)
    except OSError as error:
        typer.echo(f"no key was made: {error}", err=True)
        raise typer.Exit(BAD_INPUT) from error
    typer.echo(f"{path} (keep it secret) and {public} (name it in WARDWATCH_MODEL_KEYS)")


@app.command("sign")
def sign(
    names: Annotated[list[str], typer.Argument(metavar="NAME…", help="Models of the registry.")],
    key: Annotated[Path, typer.Option(help="A private key of `models new-key`.")],
) -> None:
    """Sign models you have trained or checked yourself, so that they are loaded."""
    from ray_jobs import signing
    from ray_jobs.registry import CARD, RegistryError, load_card, models_folder

    for name in names:
        try:
            load_card(name)
            signing.sign(models_folder() / name / CARD, key)
        except (RegistryError, signing.KeyFileError, OSError) as error:
            typer.echo(f"cannot sign {name}: {error}", err=True)
            raise typer.Exit(BAD_INPUT) from error
        typer.echo(f"{name}: signed")


@app.callback(invoke_without_command=True)
def models(
    context: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array on standard output.")] = False,
) -> None:
    """List every model with version, population and threshold; exit 1 when a file is not the released one."""
    if context.invoked_subcommand is not None:
        return
    import json

    from ray_jobs.registry import RegistryError, list_models, load_model

    try:
        cards = list_models()
    except RegistryError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(NOT_OK) from error
    problems: dict[str, str] = {}
    for card in cards:
        try:
            load_model(card.name)
        except RegistryError as error:
            problems[card.name] = str(error)
    if as_json:
        rows = [
            {**card.model_dump(mode="json", exclude={"features"}), "intact": card.name not in problems}
            for card in cards
        ]
        typer.echo(json.dumps(rows, indent=1))
    else:
        fixed = [
            Column(title, no_wrap=True) for title in ("name", "version", "task", "for", "horizon", "alerts at", "files")
        ]
        table = Table(*fixed, box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for card in cards:
            people = f"{card.population.min_age:g}-{card.population.max_age:g} {card.population.unit}"
            horizon = f"{card.horizon_hours:g} h" if card.horizon_hours else "-"
            points = card.extra.get("alarm_from_points")
            level = f"{card.alerts_at:.4f}" if points is None else f"{points:g} points"
            state = "CHANGED" if card.name in problems else "intact"
            # What a model is for in full stands on its card.
            task = card.task if card.task in {"risk", "score"} else "imaging"
            table.add_row(card.name, card.version, task, people, horizon, level, state)
        Console().print(table)
    for problem in problems.values():
        typer.echo(problem, err=True)
    if problems:
        raise typer.Exit(NOT_OK)
