"""What every object that we make says of the patient, the study and us: deterministic UIDs, PS3.3 C.7.1.1 and C.7.2.1.

The PACS is the hospital's own (design rule 10): only here the patient key becomes a name and a number again.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from pydicom import Dataset
from pydicom.uid import UID

from schemas.events import ImagingStudyReported, SeenInstance
from schemas.fhir.patient import FHIR_AUTHORITY, MRN_AUTHORITY
from services.runtime.ports import Person

MANUFACTURER: Final = "Wardwatch"
SEX: Final = {"female": "F", "male": "M", "other": "O"}


@dataclass(frozen=True, slots=True)
class Whose:
    """The patient and study that an object belongs to, in DICOM's words. `taken`: of the study's telling instance."""

    number: str
    name: str
    born: date | None
    sex: str
    study: str
    taken: datetime


def uid(*names: str) -> UID:
    """A UID that the names decide (PS3.5 B.2: 2.25 and 128 bits): a repeat is the same object."""
    return UID(f"2.25.{int.from_bytes(hashlib.sha256('/'.join(names).encode()).digest()[:16], 'big')}")


def whose(report: ImagingStudyReported, person: Person) -> Whose | None:
    """None for somebody without a record number: a PACS knows nobody else."""
    numbers = [one.value for one in person.identifiers if one.authority == MRN_AUTHORITY]
    others = [one.value for one in person.identifiers if one.authority != FHIR_AUTHORITY]
    number = next(iter([*([person.mrn] if person.mrn else []), *numbers, *others]), "")
    if not number:
        return None
    name = f"{person.family}^{person.given}".rstrip("^")
    return Whose(number[:64], name[:64], person.born, SEX.get(person.sex, ""), report.study, report.as_of)


def source(who: Whose, seen: SeenInstance) -> Dataset:
    """A stored instance as far as a report that names it must know it: no pixels, and nothing that we did not keep."""
    found = Dataset()
    found.PatientID, found.PatientName, found.PatientSex = who.number, who.name, who.sex
    found.PatientBirthDate = "" if who.born is None else f"{who.born:%Y%m%d}"
    found.StudyInstanceUID, found.SeriesInstanceUID = who.study, seen.series
    found.SOPInstanceUID, found.SOPClassUID, found.Modality = seen.instance, seen.sop_class, seen.modality
    found.StudyDate, found.StudyTime = f"{who.taken:%Y%m%d}", f"{who.taken:%H%M%S}"
    found.StudyID = found.AccessionNumber = found.ReferringPhysicianName = ""
    return found


def dated(made: Dataset, at: datetime) -> Dataset:
    """The object with our instant for each that the library took from the clock: a repeat is the same to the byte."""
    day, time = f"{at:%Y%m%d}", f"{at:%H%M%S}"
    made.InstanceCreationDate, made.InstanceCreationTime = day, time
    made.ContentDate, made.ContentTime, made.SeriesDate, made.SeriesTime = day, time, day, time
    made.TimezoneOffsetFromUTC = "+0000"
    if "TimeOfSecondaryCapture" in made:
        made.DateOfSecondaryCapture, made.TimeOfSecondaryCapture = day, time
    for equipment in made.get("ContributingEquipmentSequence", ()):
        equipment.ContributionDateTime = day + time
    return made
