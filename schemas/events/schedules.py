"""Who should lie where and be operated when: proposals, decisions, and questions about them (topic `plans`)."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, model_validator

from schemas.events.base import Id, Name, PatientKey, Reason, Value
from schemas.events.plans import Count, PlanEvent


class Assignment(Value):
    """One waiting request and the bed proposed for it, or the reason why it goes on waiting."""

    request: Id
    patient: PatientKey
    bed: Name | None = None
    ward: Name | None = None
    reason: Reason


class Booking(Value):
    """One admission with surgery in a theatre plan: day, theatre, room and start; `day` None is left for later."""

    request: Id
    patient: PatientKey
    surgeon: Name
    minutes: Annotated[int, Field(ge=1)]
    nights: Count
    mandatory: bool = False
    day: date | None = None
    theatre: Name | None = None
    start: AwareDatetime | None = None
    room: Name | None = None
    ward: Name | None = None
    pinned: bool = False
    reason: Reason = ""


class PlanCost(Value):
    """One component of the price of a plan, by the name in `schedule check`: how often, and weight × count."""

    name: Name
    count: Count
    cost: Count


class PlanChange(Value):
    """What a plan moves against the plan before it, in words and as values (None: not in the plan)."""

    request: Id
    text: Reason
    day_before: date | None = None
    day: date | None = None
    theatre_before: Name | None = None
    theatre: Name | None = None
    room_before: Name | None = None
    room: Name | None = None


class PlanRisk(Value):
    """What a plan meets when durations and stays vary, by simulation: e.g. P(ward over capacity) on a day."""

    name: Name
    value: float
    unit: Name
    ward: Name | None = None
    day: date | None = None


class ScheduleProposed(PlanEvent):
    """A proposal, not an order: an administrator approves, edits or rejects it.

    Kind `beds` answers with `assignments`, kind `theatres` with `bookings`. `document` names the object (JSON
    of instance, solution and calendar) from which every cost can be computed again. `base` is the proposal
    that this one repairs, `cause` why, `changes` what it moves.
    """

    proposal: Id
    kind: Literal["beds", "theatres"] = "beds"
    assignments: tuple[Assignment, ...] = ()
    bookings: tuple[Booking, ...] = ()
    costs: tuple[PlanCost, ...] = ()
    changes: tuple[PlanChange, ...] = ()
    conflicts: tuple[Reason, ...] = ()
    risks: tuple[PlanRisk, ...] = ()
    document: Annotated[str, Field(max_length=512)] | None = None
    base: Id | None = None
    cause: Reason = ""
    begins: date | None = None
    days: Count = 0


class PlanEdit(Value):
    """A person's change to one booking: these values are kept by every later plan. `day` None takes it out."""

    request: Id
    day: date | None = None
    theatre: Name | None = None
    room: Name | None = None


class ScheduleDecided(PlanEvent):
    """What became of a proposal, by whom and why; `undo` takes an approval back, `edit` asks for a repaired plan."""

    proposal: Id
    decision: Literal["approve", "reject", "edit", "undo"]
    by: Name
    why: Reason = ""
    edits: tuple[PlanEdit, ...] = ()

    @model_validator(mode="after")
    def _edits_when_edited(self) -> "ScheduleDecided":
        if bool(self.edits) != (self.decision == "edit"):
            raise ValueError("an edit names what it changes, and nothing else does")
        return self


class PlanQuestionAsked(PlanEvent):
    """Why not this bed, this day, this theatre? Asked about one booking; unnamed parts stay as planned."""

    question: Id
    proposal: Id
    by: Name
    edit: PlanEdit


class Hindrance(Value):
    """One rule or cost that stands against what was asked."""

    rule: Name
    text: Reason
    cost: Count | None = None
    """None: a hard rule."""


class PlanQuestionAnswered(PlanEvent):
    """What stands against it, and what it would cost to do it all the same (a plan solved with it forced).

    `price` is the cost of that plan less the proposal's; None where no allowed plan was found.
    """

    question: Id
    proposal: Id
    hindrances: tuple[Hindrance, ...]
    price: int | None
    changes: tuple[PlanChange, ...] = ()
    text: Reason
