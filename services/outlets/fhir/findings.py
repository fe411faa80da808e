"""Films and studies at the hospital's FHIR server: an Observation of each film, one DiagnosticReport of each study.

The report is preliminary until a person reads the study; their decision alone makes it final, and ends the Task that
asked for it.
"""

from schemas.events import Event, ImagingFindingReported, ImagingReportRead, ImagingStudyReported
from schemas.fhir.diagnostic_report import diagnostic_report, read
from schemas.fhir.finding import finding, study
from schemas.fhir.imaging_study import imaging_study
from schemas.fhir.model_provenance import model_provenance
from schemas.fhir.ours import Ref
from schemas.fhir.reading_task import read_task, reading_task
from services.outlets.delivery import Outcome
from services.outlets.destination import Attempt
from services.outlets.fhir.batch import Audit, Batch, Desk
from services.outlets.fhir.server import FhirServer
from services.runtime.ports import Identity, Partition


class FindingRecords:
    """A FHIR server as a destination of findings: those of live models, which a care team may see."""

    name = "fhir-findings"
    topics: tuple[str, ...] = ("decisions", "findings")

    def __init__(self, server: FhirServer, identity: Identity, audit: Audit) -> None:
        self._desk = Desk(server, identity, audit)

    def begin(self, partition: Partition, offset: int) -> None:
        """Nothing that was said before is needed."""

    def deliver(self, event: Event) -> Attempt:
        """Write a film, a study, or what a person said of it; what a silent model saw is for administrators only."""
        if isinstance(event, ImagingReportRead):
            return self._desk.attempt(event, lambda batch: write_reading(batch, event))
        if isinstance(event, ImagingFindingReported) and event.mode == "live":
            return self._desk.attempt(event, lambda batch: write(batch, event))
        if isinstance(event, ImagingStudyReported) and event.mode == "live":
            return self._desk.attempt(event, lambda batch: write_study(batch, event))
        return Attempt(Outcome.DELIVERED)


def write(batch: Batch, event: ImagingFindingReported) -> None:
    """A film's resources."""
    patient = batch.people.patient(event.patient)
    names = (event.instance, event.model, event.version)
    seen, vouched = (batch.id(kind, *names) for kind in ("Observation", "Provenance"))
    batch.put("Observation", seen, lambda found: finding(found, event, id_=seen, patient=patient))
    if targets := list(batch.targets):
        film = {"identifier": {"system": "urn:dicom:uid", "value": f"urn:oid:{event.instance}"}, "display": "instance"}
        batch.put("Provenance", vouched, lambda found: model_provenance(
            found, id_=vouched, targets=targets, name=event.model, version=event.version, at=event.as_of,
            recorded=event.known, sources=[study(event.study), film],
        ))  # fmt: skip


def write_study(batch: Batch, event: ImagingStudyReported) -> None:
    """A study's resources: what was stored, the one report of it, and who should read it how soon."""
    patient = batch.people.patient(event.patient)
    names = ("ImagingStudy", "DiagnosticReport", "Task", "Provenance")
    stored, report, task, vouched = (batch.id(kind, "study", event.study) for kind in names)
    held = batch.put("ImagingStudy", stored, lambda found: imaging_study(found, event, id_=stored, patient=patient))
    # Those that a server was told before: a refused Observation is no result.
    seen = [("Observation", batch.id("Observation", one.instance, one.model, one.version)) for one in event.instances]
    results: list[Ref] = [
        {"reference": f"{kind}/{id_}"} for kind, id_ in seen[:100] if batch.server.read(kind, id_) is not None
    ]
    said = batch.put("DiagnosticReport", report, lambda found: diagnostic_report(
        found, event, id_=report, patient=patient, study=held or study(event.study), results=results,
    ))  # fmt: skip
    standing = batch.server.read("DiagnosticReport", report) if said else None
    batch.put("Task", task, lambda found: reading_task(
        found, event, id_=task, patient=patient, report=said, stands_as=standing,
    ))  # fmt: skip
    if targets := list(batch.targets):
        batch.put("Provenance", vouched, lambda found: model_provenance(
            found, id_=vouched, targets=targets, name=event.model, version=event.version, at=event.as_of,
            recorded=event.known, sources=[study(event.study)],
        ))  # fmt: skip


def write_reading(batch: Batch, event: ImagingReportRead) -> None:
    """A person read the study: the report is final by them, and the task is done."""
    patient = batch.people.patient(event.patient)
    report, task = (batch.id(kind, "study", event.study) for kind in ("DiagnosticReport", "Task"))
    batch.put("DiagnosticReport", report, lambda found: read(found, event, id_=report, patient=patient))
    batch.put("Task", task, lambda found: read_task(found, event))
