"""Alerts at the hospital's FHIR server: Flag, Task and Communication in step with each, and why it was raised.

Nothing is remembered here: what stands on the server says what it tells of (`schemas.fhir.ours.as_of`), so any part of
the log may come again, and an older transition never overwrites a newer one.
"""

from schemas.events import AlertEvent, AlertRaised, Event
from schemas.fhir.alert import MODELS
from schemas.fhir.alert_provenance import alert_provenance
from schemas.fhir.alert_task import alert_task
from schemas.fhir.communication import communication
from schemas.fhir.flag import flag
from services.outlets.delivery import Outcome
from services.outlets.destination import Attempt
from services.outlets.fhir.batch import Audit, Batch, Desk
from services.outlets.fhir.forecasts import assessment_id
from services.outlets.fhir.server import FhirServer
from services.runtime.ports import Identity, Partition


class AlertRecords:
    """A FHIR server as a destination of alerts."""

    name = "fhir-alerts"
    topics: tuple[str, ...] = ("alerts",)

    def __init__(self, server: FhirServer, identity: Identity, audit: Audit) -> None:
        self._desk = Desk(server, identity, audit)

    def begin(self, partition: Partition, offset: int) -> None:
        """Nothing that was said before is needed."""

    def deliver(self, event: Event) -> Attempt:
        """Write what a transition changes."""
        if not isinstance(event, AlertEvent):
            return Attempt(Outcome.REFUSED, "no transition of an alert")
        return self._desk.attempt(event, lambda batch: write(batch, event))


def write(batch: Batch, event: AlertEvent) -> None:
    """A transition's resources; the Flag first, because the others name it."""
    patient = batch.people.patient(event.patient)
    stay = batch.people.present(event.patient) if isinstance(event, AlertRaised) else None
    ids = {kind: batch.id(kind, event.alert) for kind in ("Flag", "Task", "Communication")}
    shown = batch.put(
        "Flag", ids["Flag"], lambda found: flag(found, event, id_=ids["Flag"], patient=patient, stay=stay)
    )
    behind = assessment_id(event.site, event.patient, event.kind, event.at) if raised_by_model(event) else None
    batch.put("Task", ids["Task"], lambda found: alert_task(
        found, event, id_=ids["Task"], patient=patient, stay=stay, flag=shown, assessment=behind,
    ))  # fmt: skip
    batch.put("Communication", ids["Communication"], lambda found: communication(
        found, event, id_=ids["Communication"], patient=patient, stay=stay, flag=shown,
    ))  # fmt: skip
    if isinstance(event, AlertRaised) and (targets := list(batch.targets)):
        vouched = batch.id("Provenance", event.alert)
        batch.put("Provenance", vouched, lambda found: alert_provenance(
            found, event, id_=vouched, targets=targets, assessment=behind,
        ))  # fmt: skip


def raised_by_model(event: AlertEvent) -> bool:
    """Whether there is an assessment of the hour in which this was raised."""
    return isinstance(event, AlertRaised) and event.kind in MODELS
