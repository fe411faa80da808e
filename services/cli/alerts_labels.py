"""People's words about alerts as labels for retraining: what was said, of which alert, model, version and probability.

A label is a decision, the newest last. Nobody is named: neither who decided nor who the patient is, beyond the key; but
the reason is what somebody typed. `right` is what the decision says of the alert, and only that: *wrong* and
*override* say no; acknowledging or snoozing says that somebody looked, not that it was right.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from schemas.events import (
    AlertRaised,
    DecisionMade,
    ImagingFindingReported,
    RiskForecasted,
    WarningScoreComputed,
)
from services.cli.alerts_log import events
from services.runtime.ports import LogReader

Source = RiskForecasted | WarningScoreComputed | ImagingFindingReported
SOURCES: Final[tuple[type[Source], ...]] = (RiskForecasted, WarningScoreComputed, ImagingFindingReported)
OF_FINDING: Final = ("model", "version", "mode", "as_of", "probability", "threshold")
OF_FORECAST: Final = (*OF_FINDING, "encounter", "row", "features")
COLUMNS: Final = (
    "decided", "decision", "right", "reason", "alert", "kind", "severity", "raised", "ward", "site", "patient",
    "encounter", "model", "version", "mode", "as_of", "row", "features", "probability", "threshold", "score",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Label:
    """One decision about one alert. `features` is the hash of the vector that the model was given at `row`."""

    decided: datetime
    decision: str
    right: bool | None
    reason: str
    alert: str
    kind: str
    severity: str
    raised: datetime
    ward: str | None
    site: str
    patient: str
    encounter: str | None = None
    model: str | None = None
    version: str | None = None
    mode: str | None = None
    as_of: datetime | None = None
    row: int | None = None
    features: str | None = None
    probability: float | None = None
    threshold: float | None = None
    score: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Instants as text."""
        return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in asdict(self).items()}


def labels(reader: LogReader, *, site: str | None = None, kind: str | None = None) -> list[Label]:
    """Every decision about an alert whose raise the log still holds, in the order in which they were made."""
    decisions = [
        e for e in events(reader, DecisionMade.topic, (DecisionMade,))
        if isinstance(e, DecisionMade) and e.about == "alert" and site in {None, e.site}
    ]  # fmt: skip
    wanted = {e.subject for e in decisions}
    raised = {
        e.alert: e for e in events(reader, AlertRaised.topic, (AlertRaised,))
        if isinstance(e, AlertRaised) and e.alert in wanted and kind in {None, e.kind}
    }  # fmt: skip
    said = dict(_sources(reader, {e.source for e in raised.values()}))
    found = [_label(e, raised[e.subject], said.get(raised[e.subject].source)) for e in decisions if e.subject in raised]
    return sorted(found, key=lambda label: (label.decided, label.alert))


def _sources(reader: LogReader, ids: set[str]) -> Iterator[tuple[str, Source]]:
    for topic in dict.fromkeys(kind.topic for kind in SOURCES):
        for event in events(reader, topic, tuple(k for k in SOURCES if k.topic == topic)):
            if isinstance(event, SOURCES) and event.id in ids:
                yield event.id, event


def _label(said: DecisionMade, alert: AlertRaised, source: Source | None) -> Label:
    told: dict[str, Any] = {}
    if isinstance(source, RiskForecasted):
        told = {name: getattr(source, name) for name in OF_FORECAST}
    elif isinstance(source, ImagingFindingReported):
        told = {name: getattr(source, name) for name in OF_FINDING}
    elif isinstance(source, WarningScoreComputed):
        told = {"model": source.score, "as_of": source.as_of, "encounter": source.encounter, "score": source.lowest}
    return Label(
        decided=said.at, decision=said.decision, right=False if said.decision in {"wrong", "override"} else None,
        reason=said.why, alert=alert.alert, kind=alert.kind, severity=alert.severity, raised=alert.at,
        ward=alert.place.ward, site=alert.site, patient=alert.patient, **told,
    )  # fmt: skip
