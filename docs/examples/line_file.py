# ruff: noqa: INP001 - examples to copy, not a package
"""A destination of a third party in forty lines: appends each alert transition to a file, a JSON line each.

Your package names it as an entry point, and Wardwatch finds it where it is installed:

    [project.entry-points."wardwatch.destinations"]
    line-file = "line_file:make"

    # WARDWATCH_DESTINATIONS=destinations.yaml
    destinations:
      - {name: archive, type: line-file, options: {path: /var/lib/alerts.jsonl}}
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schemas.events import AlertEvent, Event
from services.outlets.delivery import Outcome
from services.outlets.destination import Attempt
from services.runtime.ports import Partition


class LineFile:
    """A file as a destination. The event's id is the key: a line that stands is not written again."""

    topics = ("alerts",)

    def __init__(self, name: str, path: Path) -> None:
        self.name, self._path = name, path

    def begin(self, partition: Partition, offset: int) -> None:
        """The file holds all that must be remembered."""

    def deliver(self, event: Event) -> Attempt:
        """Append the transition, unless a crash came between the last attempt and its commit."""
        if not isinstance(event, AlertEvent):
            return Attempt(Outcome.REFUSED, f"{type(event).__name__} is not a transition of an alert")
        try:
            with self._path.open("a+", encoding="utf-8") as file:
                file.seek(0)
                if event.id in {json.loads(line)["id"] for line in file}:
                    return Attempt(Outcome.DELIVERED, "stands already")
                file.write(json.dumps({"id": event.id, "type": type(event).__name__, "alert": event.alert}) + "\n")
        except FileNotFoundError:
            return Attempt(Outcome.MISCONFIGURED, "the folder is not there")
        except OSError as error:
            return Attempt(Outcome.UNAVAILABLE, f"the file cannot be written: {type(error).__name__}")
        return Attempt(Outcome.DELIVERED)


def make(name: str, options: Mapping[str, Any]) -> LineFile:
    """The entry point; whatever it raises is told as a wrong configuration."""
    return LineFile(name, Path(options["path"]))
