"""What a hospital may set about its plans; one JSON object in WARDWATCH_PLANNING, anything not named as here."""

from datetime import UTC, date, datetime, time, tzinfo
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from ray_jobs.scheduling.ihtp import Weights

Positive = Annotated[int, Field(ge=1)]


def _usual_weights() -> Weights:
    """Of the order of the competition's instances: leaving someone out is worth a month of delay."""
    return Weights(
        room_mixed_age=5, room_nurse_skill=10, continuity_of_care=5, nurse_eccessive_workload=10,
        open_operating_theater=30, surgeon_transfer=5, patient_delay=10, unscheduled_optional=300,
    )  # fmt: skip


class PlanningSettings(BaseModel):
    """How far, how long, and at what price is planned."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: Annotated[int, Field(ge=2, le=56)] = 14
    seconds: Annotated[float, Field(gt=0, le=600)] = 7.0
    """Most time for the searches of one plan; naming conflicts and simulating take a few more."""
    iterations: Positive | None = 2_000_000
    """Moves of the search for one plan: the same facts give the same plan where this ends it before `seconds` do."""
    threads: Positive = 1
    seed: int = 20241122
    weights: Weights = Field(default_factory=_usual_weights)
    change_weight: Annotated[int, Field(ge=0)] = 200
    """Price of each booking that a repaired plan moves; 0 lets it move freely."""
    frozen_days: Annotated[int, Field(ge=0)] = 2
    """Approved bookings of so many days from today are kept where any plan allows it."""
    again_minutes: Annotated[float, Field(ge=0)] = 15.0
    """Least time between plans that nothing urgent asks for."""
    settle_seconds: Annotated[float, Field(ge=0)] = 2.0
    """A plan waits until facts have been quiet for so long, at most five times as long."""
    most_requests: Positive = 1000
    """Of more requests only the most urgent are planned, and the rest is counted in the proposal."""
    default_stay_days: Positive = 3
    overdue_days: Positive = 7
    """Whoever was due before today must be planned within so many days."""
    overflow_risk: Annotated[float, Field(ge=0, le=1)] = 0.05
    """Most accepted chance that a ward needs more beds than it has, on any day."""
    cancelled_share: Annotated[float, Field(ge=0, le=1)] = 0.05
    """Most accepted share of operations that are sent home because a list runs late."""
    simulated_runs: Annotated[int, Field(ge=0)] = 100
    """0 plans without uncertainty."""
    other_specialties: bool = False
    """Whether surgical patients may lie on wards of another (open) specialty."""
    list_starts: time = time(8, 0)
    timezone: str = "UTC"
    mode: Literal["on", "off"] = "on"

    @property
    def zone(self) -> tzinfo:
        """Where the hospital's days begin; raises ZoneInfoNotFoundError for a name that is none."""
        return UTC if self.timezone == "UTC" else ZoneInfo(self.timezone)

    def today(self, at: datetime) -> date:
        """Day 0 of a plan made at an instant."""
        return at.astimezone(self.zone).date()

    def starts(self, day: date) -> datetime:
        """When the theatre lists of a day begin."""
        return datetime.combine(day, self.list_starts, self.zone)


def read_settings(told: str) -> PlanningSettings:
    """From the JSON in WARDWATCH_PLANNING; raises `ValueError` naming what cannot be."""
    return PlanningSettings.model_validate_json(told or "{}")
