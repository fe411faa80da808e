"""Facts about a patient, in order of arrival (topic `clinical`)."""

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field, model_validator

from schemas.events.base import Id, Name, PatientEvent, PatientKey, Reason, Value

MAX_READINGS = 200
"""Most readings in one event (design: 200 readings and 256 KB)."""


class Reading(Value):
    """One measured value in its canonical unit.

    `source` names the measurement whatever its version, so that a correction replaces it;
    `id` names this version of it. `code` is a short name of `schemas.codes`.
    """

    id: Id
    source: Id
    code: Name
    value: float
    unit: Annotated[str, Field(max_length=32)]
    taken: AwareDatetime
    device: Annotated[str, Field(max_length=128)] | None = None


class ClinicalEvent(PatientEvent):
    """A fact about a patient."""

    topic: ClassVar[str] = "clinical"


class ObservationsRecorded(ClinicalEvent):
    """All readings of one patient that came in one bundle."""

    readings: Annotated[tuple[Reading, ...], Field(min_length=1, max_length=MAX_READINGS)]
    encounter: Id | None = None


class ReadingsRetracted(ClinicalEvent):
    """Readings that their source says were never right (`entered-in-error`)."""

    sources: Annotated[tuple[Id, ...], Field(min_length=1, max_length=MAX_READINGS)]
    reason: Reason = ""


class PatientRegistered(ClinicalEvent):
    """What the models may know of the person: birth date and sex. Names stay in the identity store."""

    born: date | None = None
    sex: Literal["female", "male", "other", "unknown"] = "unknown"
    died: AwareDatetime | None = None


class Place(Value):
    """Where a patient lies: names of `places` locations."""

    ward: Name | None = None
    room: Name | None = None
    bed: Name | None = None


class EncounterEvent(ClinicalEvent):
    """A fact about one stay; `encounter` is the same id over its whole life."""

    encounter: Id


class EncounterStarted(EncounterEvent):
    """A stay began (or, sent again, was corrected). `admitted` is the hospital's admission before an ICU stay.

    `in_passing`: told by a message about something later (a transfer, a discharge), which knows the last place better
    than the first: its beginning and place hold only while nobody told of the beginning itself.
    """

    started: AwareDatetime
    admitted: AwareDatetime | None = None
    kind: Literal["inpatient", "emergency", "ambulatory", "other"] = "inpatient"
    place: Place = Place()
    specialty: Name | None = None
    icu: Literal["medical", "surgical", "coronary", "cardiac_surgical"] | None = None
    in_passing: bool = False


class EncounterTransferred(EncounterEvent):
    """The patient moved to another place."""

    moved: AwareDatetime
    place: Place


class EncounterEnded(EncounterEvent):
    """The stay ended; `outcome` as far as the hospital said. `ended` None: an end told before is taken back."""

    ended: AwareDatetime | None
    outcome: Literal["home", "transferred", "died", "other", "unknown"] = "unknown"


class EncounterCancelled(EncounterEvent):
    """The stay never was (FHIR `cancelled` or `entered-in-error`)."""

    reason: Reason = ""


class Surgery(Value):
    """The operation that an admission is for: minutes in theatre, by whom, and between which days.

    A `due` day makes it mandatory in the plan; without one it is elective and may be left for later.
    """

    minutes: Annotated[int, Field(ge=1, le=1440)]
    surgeon: Name
    release: date
    due: date | None = None

    @model_validator(mode="after")
    def _days_in_order(self) -> "Surgery":
        if self.due is not None and self.due < self.release:
            raise ValueError(f"due {self.due} lies before the earliest day {self.release}")
        return self


class AdmissionRequested(ClinicalEvent):
    """Someone waits for a bed, or for a day of surgery with one. `priority` 1 is the most urgent, 4 elective."""

    request: Id
    requested: AwareDatetime
    specialty: Name
    priority: Annotated[int, Field(ge=1, le=4)] = 3
    isolation: bool = False
    sex: Literal["female", "male", "other", "unknown"] = "unknown"
    expected_stay_hours: Annotated[float, Field(gt=0, le=8760)] | None = None
    status: Literal["active", "withdrawn", "fulfilled"] = "active"
    surgery: Surgery | None = None


class AppointmentBooked(ClinicalEvent):
    """A booked service; sent again with another status when it changes."""

    appointment: Id
    start: AwareDatetime
    end: AwareDatetime
    service: Name
    status: Literal["booked", "arrived", "fulfilled", "cancelled", "noshow"] = "booked"


class PatientMerged(ClinicalEvent):
    """The patient of this losing key is the same person as `into` (design rule 13)."""

    into: PatientKey


class PatientHistoryMoved(ClinicalEvent):
    """The readings of `origin`, told again under the surviving key."""

    origin: PatientKey
    readings: Annotated[tuple[Reading, ...], Field(max_length=MAX_READINGS)] = ()


class ConditionRecorded(ClinicalEvent):
    """A diagnosis or problem (SNOMED CT, ICD-10 …)."""

    condition: Id
    system: Annotated[str, Field(max_length=256)]
    code: Annotated[str, Field(max_length=64)]
    onset: AwareDatetime | None = None
    active: bool = True


class MedicationAdministered(ClinicalEvent):
    """A dose was given (RxNorm, ATC …)."""

    administration: Id
    system: Annotated[str, Field(max_length=256)]
    code: Annotated[str, Field(max_length=64)]
    given: AwareDatetime


class OxygenTargetPrescribed(ClinicalEvent):
    """A target range for oxygen saturation; `scale` 2 of NEWS2 is for 88-92 % (RCP 2017)."""

    prescribed: AwareDatetime
    scale: Literal[1, 2]
    low_percent: Annotated[float, Field(ge=50, le=100)]
    high_percent: Annotated[float, Field(ge=50, le=100)]


class CareLimitSet(ClinicalEvent):
    """How far care is to go."""

    decided: AwareDatetime
    limit: Literal["full", "no_escalation", "palliative", "comfort"]


class NoteWritten(ClinicalEvent):
    """A note lies in the object store (claim check)."""

    note: Id
    written: AwareDatetime
    object: Annotated[str, Field(max_length=512)]


class ConsentChanged(ClinicalEvent):
    """What the patient allows."""

    scope: Name
    permitted: bool
    changed: AwareDatetime
