"""`wardwatch grafana`: put folder, data source and dashboards into a Grafana."""

from typing import Annotated

import typer

app = typer.Typer(help="Folder, data source and dashboards in a Grafana.", no_args_is_help=True)
THE_ANSWER_IS_NO, WRONG_USAGE, NOT_THERE = 1, 2, 3


@app.callback()
def group() -> None:
    """Folder, data source and dashboards in a Grafana."""


@app.command("install")
def install_command(
    url: Annotated[
        str, typer.Option(envvar="WARDWATCH_GRAFANA_URL", help="Grafana's address, a path before /api included.")
    ] = "",
    token: Annotated[
        str,
        typer.Option(
            envvar="WARDWATCH_GRAFANA_TOKEN",
            help="Token of a service account with role Admin. Empty: user and password stand in the address.",
        ),
    ] = "",
    prometheus_url: Annotated[
        str, typer.Option(envvar="WARDWATCH_PROMETHEUS_URL", help="Prometheus, as Grafana reaches it.")
    ] = "http://localhost:9090",
) -> None:
    """Create or update the folder, the Prometheus data source and the dashboards; a repeat changes nothing."""
    from services.outlets.board import BoardMisconfigured, BoardUnavailable
    from services.outlets.install import install
    from services.runtime.errors import BadInputError

    if not url.startswith(("http://", "https://")):
        typer.echo("which Grafana? Give --url http(s)://… or set WARDWATCH_GRAFANA_URL", err=True)
        raise typer.Exit(WRONG_USAGE)
    try:
        steps = install(url, token, prometheus_url)
    except BoardUnavailable as error:
        typer.echo(f"no answer from Grafana: {error}. Check --url and that it runs", err=True)
        raise typer.Exit(NOT_THERE) from error
    except BoardMisconfigured as error:
        typer.echo(f"Grafana does not let us in: {error}. Needed: a service account's token with role Admin", err=True)
        raise typer.Exit(THE_ANSWER_IS_NO) from error
    except BadInputError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(THE_ANSWER_IS_NO) from error
    for step in steps:
        typer.echo(f"{step.did:9} {step.what} {step.name}")
