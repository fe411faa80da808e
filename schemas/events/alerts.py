"""An event per transition of an alert (topic `alerts`), and where each stands (`alert-state`)."""

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from schemas.events.base import Id, Name, PatientEvent, PatientKey, Reason, Value
from schemas.events.clinical import Place

Kind = Literal["sepsis", "deterioration", "news2", "imaging"]
Severity = Literal["amber", "red"]
Phase = Literal["raised", "acknowledged", "snoozed", "stale", "resolved"]
Role = Literal["bedside_nurse", "charge_nurse", "rapid_response"]
Channel = Literal["grafana", "webhook", "mail", "plugin", "fhir", "screen"]
"""How a call left for a receiver; `screen`: someone who may act opened the patient's page in the console."""


class Evidence(Value):
    """One reason in words, with the number behind it and the event it came from."""

    text: Annotated[str, Field(max_length=300)]
    value: float | None = None
    source: Id | None = None


class AlertEvent(PatientEvent):
    """One transition of one alert; `alert` is the same id from raise to resolve.

    Until `quiet_until` (quiet hours, maintenance) those who call people wait: nobody was called about this alert yet.
    At that instant it is told again if it still stands.
    """

    topic: ClassVar[str] = "alerts"

    alert: Id
    kind: Kind
    severity: Severity
    at: AwareDatetime
    place: Place = Place()
    summary: Annotated[str, Field(max_length=300)]
    quiet_until: AwareDatetime | None = None


class AddressingEvent(AlertEvent):
    """A transition of which a person should hear.

    `role` is who is addressed now, `contact` how the ward's roster says that role is reached at this hour (staff, never
    a patient). `next_role` is asked at `next_at` if nobody has taken it by then; None: nobody comes after this one.
    """

    role: Role | None = None
    contact: Name | None = None
    next_role: Role | None = None
    next_at: AwareDatetime | None = None


class AlertRaised(AddressingEvent):
    """A care team should look at this patient, because of `evidence`."""

    evidence: tuple[Evidence, ...] = ()
    source: Id


class AlertNotified(AddressingEvent):
    """The first receiver that counts confirmed that it has this call: one event for each call, whoever confirms later.

    `call` is the id of the AlertRaised or AlertEscalated that it has, `channel` how it was sent, `delivered` when it
    was confirmed.
    """

    receiver: Name
    channel: Channel | None = None
    call: Id | None = None
    delivered: AwareDatetime | None = None


class AlertUnreached(AddressingEvent):
    """No receiver that counts has confirmed the call `call` in time: perhaps nobody knows of this alert."""

    call: Id
    reason: Reason


class AlertEscalated(AddressingEvent):
    """It got worse, nobody answered, or it is told now: severity and role are what they are from now on."""

    reason: Reason


class AlertAcknowledged(AlertEvent):
    """A person has taken it."""

    by: Name
    why: Reason = ""


class AlertSnoozed(AlertEvent):
    """Quiet until `until`, by a person, with a reason."""

    by: Name
    until: AwareDatetime
    why: Reason


class AlertWentStale(AlertEvent):
    """Nothing new was heard: neither better nor worse, unknown."""

    reason: Reason


class AlertSuppressed(AlertEvent):
    """It would have been raised, but a policy says no."""

    reason: Reason


class AlertMerged(AlertEvent):
    """It goes on under another patient's alert after a merge."""

    into: Id
    into_patient: PatientKey


class AlertResolved(AlertEvent):
    """Over: measured recovery below the lower threshold, discharge, or a person's word."""

    reason: Reason
    by: Name | None = None


class AlertStanding(PatientEvent):
    """Everything the alert authority remembers of one patient and kind (compacted)."""

    topic: ClassVar[str] = "alert-state"

    kind: Kind
    phase: Phase
    alert: Id | None = None
    severity: Severity | None = None
    raised: AwareDatetime | None = None
    changed: AwareDatetime
    until: AwareDatetime | None = None
    last_heard: AwareDatetime | None = None
    place: Place = Place()
    summary: Annotated[str, Field(max_length=300)] = ""
    over: Annotated[int, Field(ge=0)] = 0
    under: Annotated[int, Field(ge=0)] = 0
    extra: dict[str, str] = Field(default_factory=dict)

    @property
    def key(self) -> str:
        """Site, patient and kind: compaction keeps the newest of each; partitioned by patient."""
        return f"{self.site}/{self.patient}/{self.kind}"


class AlertHandedOver(PatientEvent):
    """Where an alert of `origin` stood when that patient was merged into this one: it goes on here.

    `taken_by` and `why`: who had acknowledged or snoozed it.
    """

    topic: ClassVar[str] = "decisions"

    origin: PatientKey
    at: AwareDatetime
    standing: AlertStanding
    taken_by: Name | None = None
    why: Reason = ""
