"""What happens on which event: the table, and the fold of one batch of the log in one transaction."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from schemas.envelope import EnvelopeError, decode
from schemas.events import (
    AdmissionRequested,
    AlertAcknowledged,
    AlertEscalated,
    AlertMerged,
    AlertNotified,
    AlertRaised,
    AlertResolved,
    AlertSnoozed,
    AlertSuppressed,
    AlertUnreached,
    AlertWentStale,
    AvailabilityPublished,
    BedDemandForecasted,
    BedStatusChanged,
    CareLimitSet,
    ConditionRecorded,
    DecisionMade,
    DeliveryMade,
    EncounterCancelled,
    EncounterEnded,
    EncounterStarted,
    EncounterTransferred,
    Event,
    ForecastDeclined,
    ForecastExplained,
    ForecastMissed,
    ImagingFindingReported,
    ImagingReportRead,
    LocationDefined,
    MaintenanceDecided,
    MedicationAdministered,
    ObservationsRecorded,
    OxygenTargetPrescribed,
    PatientContextChanged,
    PatientEvent,
    PatientHistoryMoved,
    PatientMerged,
    PatientRegistered,
    PlanQuestionAnswered,
    PlanQuestionAsked,
    ReadingsRetracted,
    RiskForecasted,
    ScheduleDecided,
    ScheduleProposed,
    StaffingForecasted,
    WardOccupancyChanged,
    WarningScoreComputed,
)
from services.console.projection import alerts, called, clinical, demand, outcomes, places, plans, risk
from services.console.projection.schema import DROPPED_AFTER_A_MONTH, DROPPED_AFTER_A_STAY, DROPPED_WHEN_OLD
from services.console.projection.store import Store, micros
from services.console.projection.turn import HOUR_US, Turn
from services.runtime.ports import Partition, Record

TOPICS: Final = ("places", "clinical", "risk", "findings", "alerts", "deliveries", "plans", "decisions", "models")
KEPT_US: Final = 48 * HOUR_US
STAY_US: Final = 14 * 24 * HOUR_US
MONTH_US: Final = 28 * 24 * HOUR_US

FOLDS: Final[dict[type[Event], Callable[[Turn, Any], None]]] = {
    ObservationsRecorded: clinical.observed,
    PatientHistoryMoved: clinical.observed,
    ReadingsRetracted: clinical.retracted,
    PatientRegistered: clinical.registered,
    EncounterStarted: clinical.started,
    EncounterTransferred: clinical.transferred,
    EncounterEnded: clinical.ended,
    EncounterCancelled: clinical.cancelled,
    CareLimitSet: clinical.limited,
    OxygenTargetPrescribed: clinical.oxygen_prescribed,
    AdmissionRequested: clinical.requested,
    PatientMerged: clinical.merged,
    WarningScoreComputed: risk.scored,
    RiskForecasted: risk.forecast,
    ForecastMissed: risk.forecast,
    ForecastDeclined: risk.forecast,
    ForecastExplained: risk.explained,
    PatientContextChanged: risk.context,
    ImagingFindingReported: alerts.reported,
    DecisionMade: alerts.decided,
    AlertRaised: alerts.moved,
    AlertNotified: alerts.moved,
    AlertEscalated: alerts.moved,
    AlertAcknowledged: alerts.moved,
    AlertSnoozed: alerts.moved,
    AlertWentStale: alerts.moved,
    AlertSuppressed: alerts.moved,
    AlertUnreached: alerts.moved,
    DeliveryMade: called.delivered,
    MaintenanceDecided: called.maintained,
    ConditionRecorded: outcomes.diagnosed,
    MedicationAdministered: outcomes.given,
    ImagingReportRead: outcomes.read,
    AlertMerged: alerts.moved,
    AlertResolved: alerts.moved,
    LocationDefined: places.defined,
    BedStatusChanged: places.bed_changed,
    AvailabilityPublished: places.available,
    WardOccupancyChanged: demand.counted,
    BedDemandForecasted: demand.forecast,
    StaffingForecasted: demand.staffed,
    ScheduleProposed: plans.proposed,
    ScheduleDecided: plans.decided,
    PlanQuestionAsked: plans.asked,
    PlanQuestionAnswered: plans.answered,
}
"""Every event that changes what a page shows. Others are counted and passed over."""

OF_SCHEDULE: Final = (ScheduleProposed, ScheduleDecided, PlanQuestionAsked, PlanQuestionAnswered)
"""What the schedule page shows."""


@dataclass(slots=True)
class Touched:
    """What a batch changed: patients by key, whether beds, counts or places did, and whether a schedule did."""

    patients: set[str] = field(default_factory=set)
    beds: bool = False
    schedule: bool = False
    events: int = 0
    newest_known: int = 0
    newest_written_ms: int = 0
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many events of each topic and type."""


def fold(store: Store, batch: Mapping[Partition, Sequence[Record]]) -> Touched:
    """Fold the records, each partition's in order, and move the offsets: all in one transaction, or nothing."""
    touched = Touched()
    with store.writing() as db:
        row = db.execute("SELECT value FROM meta WHERE name = 'newest_known'").fetchone()
        before = touched.newest_known = int(row["value"]) if row else 0
        turn = Turn(db, *(_oldest(before, kept) for kept in (KEPT_US, STAY_US, MONTH_US)))
        for partition, records in batch.items():
            _fold_partition(turn, partition, records, touched)
        db.execute("INSERT OR REPLACE INTO meta VALUES ('newest_known', ?)", (touched.newest_known,))
        for tables, kept, dropped in (
            (DROPPED_WHEN_OLD, KEPT_US, turn.oldest),
            (DROPPED_AFTER_A_STAY, STAY_US, turn.stay),
            (DROPPED_AFTER_A_MONTH, MONTH_US, turn.month),
        ):
            if (oldest := _oldest(touched.newest_known, kept)) > dropped:
                for table, column in tables:
                    db.execute(f"DELETE FROM {table} WHERE {column} < ?", (oldest,))  # noqa: S608 - our own names
    return touched


def _oldest(newest_known: int, kept: int) -> int:
    # By whole hours: what is kept depends on the facts known, not on where a batch happened to end.
    return newest_known // HOUR_US * HOUR_US - kept


def _fold_partition(turn: Turn, partition: Partition, records: Iterable[Record], touched: Touched) -> None:
    counts: dict[str, list[int]] = {}
    after = None
    for record in records:
        after = record.offset + 1
        if record.value is None:
            continue  # a compacted key that was deleted
        try:
            event = decode(record.value, record.headers).event
        except EnvelopeError:
            kind, known = "unreadable", touched.newest_known
        else:
            kind, known = type(event).__name__, micros(event.known)
            turn.position = record.offset
            if (change := FOLDS.get(type(event))) is not None:
                change(turn, event)
                _mark(touched, event)
        count = counts.setdefault(kind, [0, 0, 0])
        count[0] += 1
        count[1] = max(count[1], known)
        count[2] = max(count[2], record.timestamp_ms)
        touched.newest_known = max(touched.newest_known, known)
        touched.newest_written_ms = max(touched.newest_written_ms, record.timestamp_ms)
        touched.events += 1
        touched.kinds[partition.topic, kind] += 1
    turn.db.executemany(
        "INSERT INTO counts VALUES (?, ?, ?, ?, ?) ON CONFLICT (topic, type) DO UPDATE SET"
        " events = events + excluded.events, known = max(known, excluded.known),"
        " written_ms = max(written_ms, excluded.written_ms)",
        [(partition.topic, kind, *count) for kind, count in counts.items()],
    )
    if after is not None:
        turn.db.execute("INSERT OR REPLACE INTO offsets VALUES (?, ?, ?)", (*partition, after))


def _mark(touched: Touched, event: Event) -> None:
    if isinstance(event, PatientEvent):
        touched.patients.add(event.patient)
        # A patient who comes, goes or waits is a bed that changes.
        touched.beds |= event.topic == "clinical" and not isinstance(event, ObservationsRecorded)
    else:
        touched.beds = True
        touched.schedule |= isinstance(event, OF_SCHEDULE)


def positions(store: Store) -> dict[Partition, int]:
    """The next offset to fold of every partition seen so far."""
    with store.reading() as db:
        return {Partition(r["topic"], r["partition"]): r["next"] for r in db.execute("SELECT * FROM offsets")}
