"""`wardwatch validate`: a line for each file, saying what is wrong with it as FHIR R4, HL7 v2 or DICOM."""

import io
import json
import tarfile
from datetime import UTC
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from schemas.fhir.check import Issue, check_json
from schemas.hl7v2.bundle import understood
from schemas.hl7v2.message import MessageError, parse
from schemas.hl7v2.types import Site
from services.cli.documents import Document, documents

INVALID, WRONG_USAGE = 1, 2


def validate(
    paths: Annotated[list[Path], typer.Argument(help="Files, folders or tar archives.", show_default=False)],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines: file, valid, issues.")] = False,
) -> None:
    """Check each file; exit 0 when all are valid, 1 when one is not."""
    console, all_valid = Console(highlight=False), True
    try:
        for document in documents(paths):
            issues = check(document)
            valid = not any(issue.severity == "error" for issue in issues)
            all_valid = all_valid and valid
            if as_json:
                said = {"file": document.name, "valid": valid, "issues": [issue._asdict() for issue in issues]}
                typer.echo(json.dumps(said))
            else:
                console.print(
                    Text.assemble(("ok   " if valid else "wrong", "green" if valid else "red"), " ", document.name)
                )
                for issue in issues:
                    console.print(Text(f"        {issue.severity}: {issue.path}: {issue.text}"))
    except (OSError, tarfile.TarError) as error:
        typer.echo(f"cannot read: {error}", err=True)
        raise typer.Exit(WRONG_USAGE) from error
    if not all_valid:
        raise typer.Exit(INVALID)


def check(document: Document) -> list[Issue]:
    """Everything that is wrong with one document."""
    if document.format == "json":
        return check_json(document.content)
    if document.format == "ndjson":
        lines = [line for line in document.content.splitlines() if line.strip()]
        return [
            issue._replace(path=f"line {n}: {issue.path}")
            for n, line in enumerate(lines, start=1)
            for issue in check_json(line)
        ]
    if document.format == "dicom":
        return _check_dicom(document.content)
    if document.format == "hl7v2":
        return _check_message(document.content)
    return [Issue("error", "", f"not a format that is understood here ({document.format})")]


def _check_message(content: bytes) -> list[Issue]:
    """What the gateway would refuse; a time without offset is read as UTC here, since only the site knows its zone."""
    try:
        found = understood(parse(content), Site(UTC))
    except MessageError as error:
        return [Issue("error", error.where, error.reason)]
    wrong = [Issue("error", part.where, part.reason) for part in found.parts if isinstance(part, MessageError)]
    return wrong or ([Issue("warning", "MSH-9", found.ignored)] if found.ignored else [])


def _check_dicom(content: bytes) -> list[Issue]:
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    from schemas.dicom.image import HeaderError, read_image_header

    try:
        dataset = dcmread(io.BytesIO(content))
        read_image_header(dataset)
    except HeaderError as error:
        return [Issue("error", error.path, error.reason)]
    except (InvalidDicomError, AttributeError, EOFError, ValueError, NotImplementedError) as error:
        return [Issue("error", "", f"not readable as DICOM ({type(error).__name__})")]
    return [] if "PixelData" in dataset else [Issue("error", "PixelData", "no pixels")]
