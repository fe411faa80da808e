"""`wardwatch models`: what the model registry holds, and whether its files are those that were released."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(help="The models of the registry.", invoke_without_command=True)
NOT_OK = 1


@app.callback(invoke_without_command=True)
def models(
    *, as_json: Annotated[bool, typer.Option("--json", help="One JSON array on standard output.")] = False
) -> None:
    """List every model with version, population and threshold; exit 1 when a file is not the released one."""
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
        table = Table("name", "version", "task", "kind", "for", "horizon", "alerts at", "files")
        for card in cards:
            people = f"{card.population.min_age:g}-{card.population.max_age:g} {card.population.unit}"
            horizon = f"{card.horizon_hours:g} h" if card.horizon_hours else "-"
            state = "CHANGED" if card.name in problems else "intact"
            table.add_row(
                card.name, card.version, card.task, card.kind, people, horizon, f"{card.alerts_at:.4f}", state
            )
        Console().print(table)
    for problem in problems.values():
        typer.echo(problem, err=True)
    if problems:
        raise typer.Exit(NOT_OK)
