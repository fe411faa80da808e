"""`wardwatch quarantine`: what could not be used, why, and where it came from."""

import json
from collections import Counter
from typing import Annotated

import typer

from services.runtime.errors import LogUnavailable
from services.runtime.settings import Settings

NO_DEPENDENCY = 3


def quarantine(
    *,
    limit: Annotated[int, typer.Option(min=1, help="The newest so many entries.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a line, with the content.")] = False,
) -> None:
    """List quarantined input. The content may name a person: it is printed only with --json."""
    from rich.console import Console
    from rich.table import Table

    from schemas.envelope import decode
    from schemas.events import Quarantined
    from services.runtime.kafka_log import KafkaReader

    entries: list[Quarantined] = []
    try:
        reader = KafkaReader(Settings().kafka)
        for partition in reader.partitions(Quarantined.topic):
            first, last = reader.bounds(partition)
            for record in reader.read(partition, first, last):
                event = decode(record.value, record.headers).event
                if isinstance(event, Quarantined):
                    entries.append(event)
        reader.close()
    except LogUnavailable as error:
        typer.echo(f"{error}; set WARDWATCH_KAFKA to a broker of Wardwatch", err=True)
        raise typer.Exit(NO_DEPENDENCY) from error
    newest = sorted(entries, key=lambda e: e.known)[-limit:]
    if as_json:
        for entry in newest:
            print(json.dumps(entry.model_dump(mode="json")))
        return
    table = Table("when", "by", "from", "where", "reason")
    for entry in newest:
        table.add_row(
            entry.known.isoformat(timespec="seconds"), entry.origin, entry.source[:40], entry.path, entry.reason
        )
    console = Console()
    console.print(table)
    reasons = Counter(e.reason for e in entries)
    console.print(f"{len(entries)} in all, {len(reasons)} reasons; with content: wardwatch quarantine --json")
