"""What a person decided or asked for, who and why (topic `decisions`)."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime

from schemas.events.base import Id, Name, PatientEvent, Reason


class DecisionMade(PatientEvent):
    """A person's decision about an alert or a proposal; `subject` is its id."""

    topic: ClassVar[str] = "decisions"

    subject: Id
    about: Literal["alert", "schedule", "finding", "patient"]
    decision: Literal["acknowledge", "snooze", "resolve", "wrong", "override", "approve", "reject"]
    by: Name
    why: Reason = ""
    at: AwareDatetime
    until: AwareDatetime | None = None


class ExplanationRequested(PatientEvent):
    """A person opened the patient's page and wants the reasons for the present forecast.

    `model` None asks every model; watch answers with `ForecastExplained` (`why_now` asked) where there is a forecast.
    """

    topic: ClassVar[str] = "decisions"

    by: Name
    model: Name | None = None
    encounter: Id
