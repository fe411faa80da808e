"""One file per family of events; frozen models, past tense."""

from schemas.events.alerts import (
    AlertAcknowledged,
    AlertEscalated,
    AlertEvent,
    AlertMerged,
    AlertNotified,
    AlertRaised,
    AlertResolved,
    AlertSnoozed,
    AlertStanding,
    AlertSuppressed,
    AlertWentStale,
    Evidence,
)
from schemas.events.base import Event, PatientEvent, Value
from schemas.events.clinical import (
    AdmissionRequested,
    AppointmentBooked,
    CareLimitSet,
    ConditionRecorded,
    ConsentChanged,
    EncounterCancelled,
    EncounterEnded,
    EncounterStarted,
    EncounterTransferred,
    MedicationAdministered,
    NoteWritten,
    ObservationsRecorded,
    OxygenTargetPrescribed,
    PatientHistoryMoved,
    PatientMerged,
    PatientRegistered,
    Place,
    Reading,
    ReadingsRetracted,
)
from schemas.events.control import AccessAudited, Quarantined, TurnTaken
from schemas.events.decisions import DecisionMade
from schemas.events.findings import ClassProbability, ImagingFindingReported
from schemas.events.imaging import ImagingInstanceStored, ImagingStudyCompleted
from schemas.events.places import BedStatusChanged, LocationDefined
from schemas.events.plans import (
    Assignment,
    BedDemandForecasted,
    DemandHour,
    ScheduleDecided,
    ScheduleProposed,
    WardOccupancyChanged,
)
from schemas.events.risk import (
    Factor,
    ForecastDeclined,
    ForecastExplained,
    ForecastMissed,
    PatientContextChanged,
    RiskForecasted,
    ScoredParameter,
    WarningScoreComputed,
)

EVENTS: dict[str, type[Event]] = {
    cls.__name__: cls
    for cls in (
        AccessAudited,
        AdmissionRequested,
        AlertAcknowledged,
        AlertEscalated,
        AlertMerged,
        AlertNotified,
        AlertRaised,
        AlertResolved,
        AlertSnoozed,
        AlertStanding,
        AlertSuppressed,
        AlertWentStale,
        AppointmentBooked,
        BedDemandForecasted,
        BedStatusChanged,
        CareLimitSet,
        ConditionRecorded,
        ConsentChanged,
        DecisionMade,
        EncounterCancelled,
        EncounterEnded,
        EncounterStarted,
        EncounterTransferred,
        ForecastDeclined,
        ForecastExplained,
        ForecastMissed,
        ImagingFindingReported,
        ImagingInstanceStored,
        ImagingStudyCompleted,
        LocationDefined,
        MedicationAdministered,
        NoteWritten,
        ObservationsRecorded,
        OxygenTargetPrescribed,
        PatientContextChanged,
        PatientHistoryMoved,
        PatientMerged,
        PatientRegistered,
        Quarantined,
        ReadingsRetracted,
        RiskForecasted,
        ScheduleDecided,
        ScheduleProposed,
        TurnTaken,
        WardOccupancyChanged,
        WarningScoreComputed,
    )
}
"""Every event by its name: the CloudEvents `type` is `wardwatch.NAME.v1`."""

__all__ = [
    "EVENTS",
    *sorted(EVENTS),
    "AlertEvent",
    "Assignment",
    "ClassProbability",
    "DemandHour",
    "Event",
    "Evidence",
    "Factor",
    "PatientEvent",
    "Place",
    "Reading",
    "ScoredParameter",
    "Value",
]
