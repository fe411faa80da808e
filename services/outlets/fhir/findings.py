"""Films at the hospital's FHIR server: a preliminary DiagnosticReport, its Observation, their source."""

from schemas.events import Event, ImagingFindingReported
from schemas.fhir.diagnostic_report import diagnostic_report
from schemas.fhir.finding import finding, study
from schemas.fhir.model_provenance import model_provenance
from services.outlets.delivery import Outcome
from services.outlets.destination import Attempt
from services.outlets.fhir.batch import Audit, Batch, Desk
from services.outlets.fhir.server import FhirServer
from services.runtime.ports import Identity, Partition


class FindingRecords:
    """A FHIR server as a destination of findings: those of live models, which a care team may see."""

    name = "fhir-findings"
    topics: tuple[str, ...] = ("findings",)

    def __init__(self, server: FhirServer, identity: Identity, audit: Audit) -> None:
        self._desk = Desk(server, identity, audit)

    def begin(self, partition: Partition, offset: int) -> None:
        """Nothing that was said before is needed."""

    def deliver(self, event: Event) -> Attempt:
        """Write a report; what a silent model saw is for administrators only."""
        if not isinstance(event, ImagingFindingReported) or event.mode != "live":
            return Attempt(Outcome.DELIVERED)
        return self._desk.attempt(event, lambda batch: write(batch, event))


def write(batch: Batch, event: ImagingFindingReported) -> None:
    """A film's resources; the Observation first, because the report names it."""
    patient = batch.people.patient(event.patient)
    names = (event.instance, event.model, event.version)
    seen, report, vouched = (batch.id(kind, *names) for kind in ("Observation", "DiagnosticReport", "Provenance"))
    result = batch.put("Observation", seen, lambda found: finding(found, event, id_=seen, patient=patient))
    batch.put("DiagnosticReport", report, lambda found: diagnostic_report(
        found, event, id_=report, patient=patient, result=result,
    ))  # fmt: skip
    if targets := list(batch.targets):
        film = {"identifier": {"system": "urn:dicom:uid", "value": f"urn:oid:{event.instance}"}, "display": "instance"}
        batch.put("Provenance", vouched, lambda found: model_provenance(
            found, id_=vouched, targets=targets, name=event.model, version=event.version, at=event.as_of,
            recorded=event.known, sources=[study(event), film],
        ))  # fmt: skip
