"""When to raise, how long to wait, what counts as recovery: validated data, the same for all wards for now.

NEWS2 levels are the RCP's own triggers (NEWS2 2017, table 2: 5-6 urgent, 7 or more emergency, 3 in one parameter
urgent). Risk levels are calibrated probabilities: 9 % is about where the shipped sepsis model keeps to its budget of
false alarms (ray_jobs/models/sepsis/metrics.json, `budget_threshold`). Deterioration: 35 % is where the shipped model's
sensitivity and precision meet, about a half each (card: `alert_threshold`, `event1_fold_*`; 14 % of its patients died),
55 % is where its band "very high" begins. A model's own threshold is used where higher.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.events.alerts import Kind

Count = Annotated[int, Field(ge=1, le=100)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(_Part):
    """One kind of alert. `amber` and `red` raise, `resolve` and below is recovery; between them nothing changes.

    `raise_after` and `resolve_after` count consecutive signals. After `stale_after` without a signal an alert is stale
    (None: never). An alert that nobody takes within its `escalate` wait is escalated.
    """

    amber: float
    red: float
    resolve: float
    raise_after: Count = 1
    resolve_after: Count = 2
    stale_after: timedelta | None = None
    escalate_amber_after: timedelta = timedelta(minutes=60)
    escalate_red_after: timedelta = timedelta(minutes=15)

    @model_validator(mode="after")
    def ordered(self) -> Self:
        """Levels stand in order, or an alert could be raised and recovered by the same signal."""
        if not self.resolve < self.amber <= self.red:
            msg = f"resolve {self.resolve} < amber {self.amber} <= red {self.red} does not hold"
            raise ValueError(msg)
        return self


class Policy(_Part):
    """All rules. `risks` names the models whose live forecasts may alert."""

    news2: Rule = Rule(amber=5, red=7, resolve=3, stale_after=timedelta(hours=2))
    imaging: Rule = Rule(amber=0.5, red=1.0, resolve=0.0)
    risks: Mapping[Literal["sepsis", "deterioration"], Rule] = {
        "sepsis": Rule(
            amber=0.09, red=0.3, resolve=0.06, raise_after=2, resolve_after=3, stale_after=timedelta(hours=4)
        ),
        "deterioration": Rule(
            amber=0.35, red=0.55, resolve=0.25, raise_after=2, resolve_after=3, stale_after=timedelta(hours=4)
        ),
    }
    suppressing_limits: frozenset[str] = frozenset({"palliative", "comfort"})
    snooze: timedelta = timedelta(hours=1)
    snooze_at_most: timedelta = timedelta(hours=8)

    def rule(self, kind: Kind) -> Rule:
        """The rule of a kind; KeyError for a model that may not alert."""
        if kind == "news2":
            return self.news2
        return self.imaging if kind == "imaging" else self.risks[kind]

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Every kind of alert that can stand."""
        return ("news2", "imaging", *self.risks)
