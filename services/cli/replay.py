"""`wardwatch replay`: recorded stays published as FHIR in their own time, to a gateway with a told clock."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import pandas as pd

    from services.simulator.recorded import Recorded

WRONG_USAGE, NO_DEPENDENCY = 2, 3
START = datetime(2020, 1, 1, tzinfo=UTC)
"""When all replayed stays begin; nothing depends on it."""


def replay(
    table: Annotated[Path, typer.Argument(help="Parquet like sepsis2019: a row per patient and hour.")],
    *,
    to: Annotated[str, typer.Option(help="URL of the gateway.")] = "http://127.0.0.1:8090",
    token: Annotated[str, typer.Option(envvar="WARDWATCH_TOKEN", help="Bearer token: scopes publish, replay.")] = "",
    patients: Annotated[int, typer.Option(min=1, help="The first so many patients of the table.")] = 50,
) -> None:
    """Publish stays hour by hour; the gateway must run with WARDWATCH_CLOCK=told."""
    from rich.progress import track

    from ray_jobs.risk.stays import BadTableError, read_table
    from services.simulator.publishing import Publisher
    from services.simulator.recorded import told

    try:
        stays = recorded(read_table(table), patients)
    except (BadTableError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(WRONG_USAGE) from error
    publisher = Publisher(to, token, ("127.0.0.1", 0), told=True)
    for at, _, resources in track(list(told(stays, START)), description=f"{len(stays)} stays"):
        publisher.send(resources, at)
    account = publisher.account
    typer.echo(
        f"{account.bundles} bundles acknowledged, {account.refused} refused, {account.quarantined} parts quarantined"
    )
    if account.refused:
        raise typer.Exit(NO_DEPENDENCY)


def recorded(table: "pd.DataFrame", patients: int) -> "list[Recorded]":
    """The first patients of a table, values by our short names, empty cells left out."""
    import numpy as np

    from ray_jobs.risk.grid import COLUMNS
    from services.simulator.recorded import Recorded

    found: list[Recorded] = []
    for number, rows in table.groupby("patient", sort=False):
        if len(found) == patients:
            break
        hours: dict[int, dict[str, float]] = {}
        for row in rows.sort_values("ICULOS").to_dict("records"):
            values = {c.name: row[c.challenge] for c in COLUMNS if not np.isnan(row[c.challenge])}
            # The shortest decimal of a single-precision number, as a device would send it.
            hours[int(row["ICULOS"])] = {name: float(str(np.float32(value))) for name, value in values.items()}
        first = rows.sort_values("ICULOS").iloc[0]
        static = [float(first[name]) for name in ("Age", "Gender", "Unit1", "Unit2", "HospAdmTime")]
        found.append(Recorded(str(number), hours, *static))
    return found
