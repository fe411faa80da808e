"""What stands now, from `alert-state`, and what happened to one alert, from `alerts`: read through the log."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.events import AlertEvent, AlertStanding
from services.alerting.case import restored
from services.cli.alerts_log import events
from services.runtime.ports import LogReader


@dataclass(frozen=True, slots=True)
class Standing:
    """One alert as it stands."""

    alert: str
    site: str
    patient: str
    ward: str | None
    bed: str | None
    kind: str
    severity: str
    phase: str
    raised: datetime | None
    role: str
    quiet_until: datetime | None
    snoozed_until: datetime | None
    last_heard: datetime | None
    summary: str
    reached: bool
    unreached: bool
    taken_by: str

    def as_json(self) -> dict[str, Any]:
        """For --json."""
        shown = {name: getattr(self, name) for name in self.__slots__}
        return {name: v.isoformat() if isinstance(v, datetime) else v for name, v in shown.items()}


def standing(reader: LogReader, *, site: str | None = None, ward: str | None = None) -> list[Standing]:
    """Every alert that stands or is withheld, red before amber, the oldest first."""
    newest: dict[str, AlertStanding] = {}
    for event in events(reader, AlertStanding.topic, (AlertStanding,)):
        if isinstance(event, AlertStanding):
            newest[event.key] = event
    found = [_shown(e) for e in newest.values() if e.alert is not None and (site is None or e.site == site)]
    found = [s for s in found if ward is None or s.ward == ward]
    return sorted(found, key=lambda s: (s.severity != "red", s.raised is None, s.raised, s.alert))


def _shown(event: AlertStanding) -> Standing:
    case = restored(event)
    return Standing(
        event.alert or "", event.site, event.patient, case.place.ward, case.place.bed, case.kind, case.severity,
        case.phase, case.raised, case.role, case.held, case.until if case.phase == "snoozed" else None,
        case.last_heard, case.summary, case.reached, case.flagged, case.by,
    )  # fmt: skip


def transitions(reader: LogReader, alert: str) -> list[AlertEvent]:
    """Everything that was told of an alert, in the log's order."""
    kinds = tuple(AlertEvent.__subclasses__())
    leaves = tuple(leaf for kind in kinds for leaf in (kind.__subclasses__() or [kind]))
    told = events(reader, AlertEvent.topic, leaves)
    return [event for event in told if isinstance(event, AlertEvent) and event.alert == alert]
