"""`wardwatch grafana`: put all that Wardwatch has for a Grafana into it; say what a token may and what lacks."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from services.cli import grafana_words

app = typer.Typer(help="Dashboards and alert rules in a Grafana.", no_args_is_help=True)
THE_ANSWER_IS_NO, WRONG_USAGE, NOT_THERE = 1, 2, 3

Url = Annotated[
    str, typer.Option(envvar="WARDWATCH_GRAFANA_URL", help="Grafana's address, a path before /api included.")
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.callback()
def group() -> None:
    """Dashboards and alert rules in a Grafana."""


@app.command("install")
def install_command(
    url: Url = "",
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
    contact_webhook: Annotated[
        str, typer.Option(envvar="WARDWATCH_GRAFANA_CONTACT_WEBHOOK", help="URL that the alert rules call.")
    ] = "",
    contact_mail: Annotated[
        str, typer.Option(envvar="WARDWATCH_GRAFANA_CONTACT_MAIL", help="Addresses that they mail, with ; between.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Create or update folder, data source, dashboards, contact point and alert rules; a repeat changes nothing."""
    from services.outlets.install import Contact, install

    _needs(url)
    _web("--contact-webhook", contact_webhook)
    if contact_mail and not all("@" in one for one in contact_mail.split(";")):
        typer.echo("--contact-mail: addresses are needed, like ops@hospital.example;it@hospital.example", err=True)
        raise typer.Exit(WRONG_USAGE)
    with _refusals("a service account's token with role Admin"):
        steps = install(url, token, prometheus_url, Contact(contact_webhook, contact_mail))
    typer.echo(grafana_words.steps_json(steps) if as_json else grafana_words.steps(steps))


@app.command("check")
def check_command(
    url: Url = "",
    token: Annotated[
        str, typer.Option(envvar="WARDWATCH_GRAFANA_TOKEN", help="The service account's token that is in question.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Say what the token may do, and what is installed, drifted, edited or missing; nothing is changed.

    Exit code 0: the outlets may do all they do, and nothing is missing or drifted. 1: not so.
    """
    from services.outlets.grafana_check import check

    _needs(url)
    with _refusals("a service account's token"):
        found = check(url, token)
    typer.echo(grafana_words.checked_json(found) if as_json else grafana_words.checked(found))
    if not (found.ready and found.complete):
        raise typer.Exit(THE_ANSWER_IS_NO)


def _needs(url: str) -> None:
    if not url:
        typer.echo("which Grafana? Give --url http(s)://… or set WARDWATCH_GRAFANA_URL", err=True)
        raise typer.Exit(WRONG_USAGE)
    _web("--url", url)


def _web(option: str, url: str) -> None:
    if url and not url.startswith(("http://", "https://")):
        typer.echo(f"{option}: {url!r} is no address; it begins with http:// or https://", err=True)
        raise typer.Exit(WRONG_USAGE)


@contextmanager
def _refusals(needed: str) -> Iterator[None]:
    """What Grafana would not do, in words and as an exit code."""
    from services.outlets.board import BoardMisconfigured, BoardUnavailable
    from services.runtime.errors import BadInputError

    try:
        yield
    except BoardUnavailable as error:
        typer.echo(f"no answer from Grafana: {error}. Check --url and that it runs", err=True)
        raise typer.Exit(NOT_THERE) from error
    except BoardMisconfigured as error:
        typer.echo(f"Grafana does not let us in: {error}. Needed: {needed}", err=True)
        raise typer.Exit(THE_ANSWER_IS_NO) from error
    except BadInputError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(THE_ANSWER_IS_NO) from error
