"""The policies that a command works with: a file that was named, that of the settings, or the shipped one."""

from pathlib import Path

import typer

from services.alerting.policies import Policies, load
from services.runtime.settings import Settings
from services.runtime.yaml_document import DocumentError

BAD_INPUT = 2


def policies_of(file: Path | None) -> Policies:
    """Loaded; ends the command with exit code 2 and the reason where the file cannot be used."""
    try:
        return load(file or Settings().alert_policies)
    except DocumentError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(BAD_INPUT) from error
