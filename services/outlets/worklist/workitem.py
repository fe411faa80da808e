"""A study that waits as a Unified Procedure Step (PS3.3 C.30, PS3.4 CC.2.5): what a reading room's list shows of it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

from pydicom import Dataset
from pydicom.uid import UID

from schemas.events import ImagingStudyReported, SeenInstance
from services.outlets.pacs.naming import Whose, uid, whose
from services.runtime.ports import Person

STEP: Final = UID("1.2.840.10008.5.1.4.34.6.1")
"""SOP class of every step, whichever of the service's classes it is asked through (PS3.4 CC.3.1)."""
PRIORITY: Final = {"urgent": "HIGH", "routine": "MEDIUM"}
LABEL: Final = "Read the imaging study"
INTERPRETATION: Final = ("110005", "DCM", "Interpretation")
"""CID 9231, General Purpose Workitem Definition."""
EMPTY: Final = (
    "AdmissionID", "IssuerOfAdmissionIDSequence", "ReferencedRequestSequence", "ScheduledStationNameCodeSequence",
    "ScheduledStationClassCodeSequence", "ScheduledStationGeographicLocationCodeSequence",
    "ScheduledHumanPerformersSequence", "ScheduledProcessingParametersSequence",
)  # fmt: skip
"""Of type 2: asked for by lists, and nothing that we know."""


def workitem(report: ImagingStudyReported, person: Person | None) -> Dataset:
    """The step. A person whose number is not known keeps their place in the list, without it."""
    who = None if person is None else whose(report, person)
    found = Dataset()
    found.SpecificCharacterSet = "ISO_IR 192"
    found.SOPClassUID, found.SOPInstanceUID = STEP, uid("step", report.site, report.study)
    found.TimezoneOffsetFromUTC = "+0000"
    found.ProcedureStepState, found.InputReadinessState = "SCHEDULED", "READY"
    found.ScheduledProcedureStepPriority = PRIORITY[report.priority]
    found.ScheduledProcedureStepStartDateTime = found.ScheduledProcedureStepModificationDateTime = _at(report.known)
    found.ProcedureStepLabel, found.WorklistLabel = LABEL, "Wardwatch reading"
    found.ScheduledWorkitemCodeSequence = [_code(*INTERPRETATION)]
    found.CommentsOnTheScheduledProcedureStep = comment(report)
    found.StudyInstanceUID = report.study
    found.InputInformationSequence = [_input(report.study, *series) for series in _series(report.instances)]
    _name(found, who)
    for keyword in EMPTY:
        setattr(found, keyword, [] if keyword.endswith("Sequence") else "")
    return found


def comment(report: ImagingStudyReported) -> str:
    """What the model said, in a line: it is preliminary."""
    sure = report.probability is not None
    read = f"{report.outcome}; {report.label}, probability {report.probability:.2f}" if sure else report.reason
    return f"Preliminary, {report.model} {report.version}: {read or report.outcome}"


def _name(found: Dataset, who: Whose | None) -> None:
    found.PatientID = "" if who is None else who.number
    found.PatientName = "" if who is None else who.name
    found.PatientSex = "" if who is None else who.sex
    found.PatientBirthDate = "" if who is None or who.born is None else f"{who.born:%Y%m%d}"


def _series(instances: Iterable[SeenInstance]) -> list[tuple[str, list[SeenInstance]]]:
    ordered = sorted(instances, key=lambda one: (one.series, one.instance))
    return [(name, list(some)) for name, some in groupby(ordered, lambda one: one.series)]


def _input(study: str, series: str, seen: Sequence[SeenInstance]) -> Dataset:
    item = Dataset()
    item.TypeOfInstances = "DICOM"
    item.StudyInstanceUID, item.SeriesInstanceUID = study, series
    item.ReferencedSOPSequence = [_reference(one) for one in {one.instance: one for one in seen}.values()]
    return item


def _reference(one: SeenInstance) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = one.sop_class, one.instance
    return item


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def _at(instant: datetime) -> str:
    return f"{instant:%Y%m%d%H%M%S}"
