"""Films at the hospital's FHIR server: a preliminary DiagnosticReport, its Observation, their source."""

from schemas.events import Event, ImagingFindingReported
from schemas.fhir.diagnostic_report import diagnostic_report
from schemas.fhir.finding import finding, study
from schemas.fhir.model_provenance import model_provenance
from schemas.fhir.ours import logical
from services.outlets.destination import Attempt
from services.outlets.fhir.batch import Audit, Batch, attempted
from services.outlets.fhir.people import People
from services.outlets.fhir.server import FhirServer
from services.runtime.ports import Identity, Partition


class FindingRecords:
    """A FHIR server as a destination of findings: those of live models, which a care team may see."""

    name = "fhir-findings"
    topics: tuple[str, ...] = ("findings",)

    def __init__(self, server: FhirServer, identity: Identity, audit: Audit) -> None:
        self._server, self._identity, self._audit = server, identity, audit

    def begin(self, partition: Partition, offset: int) -> None:
        """Nothing that was said before is needed."""

    def deliver(self, event: Event) -> Attempt:
        """Write a report; what a silent model saw is for administrators only."""
        live = isinstance(event, ImagingFindingReported) and event.mode == "live"
        return attempted(lambda: self._write(event) if live and isinstance(event, ImagingFindingReported) else [])

    def _write(self, event: ImagingFindingReported) -> list[str]:
        batch = Batch(self._server, event)
        patient = People(self._server, self._identity).patient(event.patient)
        names = (event.instance, event.model, event.version)
        seen, report = batch.id("Observation", *names), batch.id("DiagnosticReport", *names)
        result = batch.put("Observation", seen, lambda found: finding(found, event, id_=seen, patient=patient))
        batch.put("DiagnosticReport", report, lambda found: diagnostic_report(
            found, event, id_=report, patient=patient, result=result,
        ))  # fmt: skip
        if batch.targets:
            vouched, targets = batch.id("Provenance", *names), list(batch.targets)
            film = logical("ImagingStudy", "urn:dicom:uid", f"urn:oid:{event.instance}", "the instance that was read")
            batch.put("Provenance", vouched, lambda found: model_provenance(
                found, id_=vouched, targets=targets, name=event.model, version=event.version, at=event.as_of,
                recorded=event.known, sources=[study(event), {k: film[k] for k in ("identifier", "display")}],
            ))  # fmt: skip
        self._audit.tell(batch)
        return batch.refused
