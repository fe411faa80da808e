"""The wards there are, as the log defines them."""

from schemas.events import LocationDefined
from services.cli.alerts_log import events
from services.runtime.ports import LogReader


def wards(reader: LogReader) -> dict[str, frozenset[str]]:
    """Names of the active wards, by site."""
    found: dict[str, set[str]] = {}
    for event in events(reader, LocationDefined.topic, (LocationDefined,)):
        if isinstance(event, LocationDefined) and event.kind == "ward" and event.active:
            found.setdefault(event.site, set()).add(event.location)
    return {site: frozenset(names) for site, names in found.items()}
