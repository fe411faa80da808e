"""When to raise, how long to wait, what counts as recovery, whom to tell: the policy that holds on one ward.

NEWS2 levels are the RCP's own triggers (NEWS2 2017, table 2: 5-6 urgent, 7 or more emergency, 3 in one parameter
urgent). Risk levels are calibrated probabilities: 9 % is about where the shipped sepsis model keeps to its budget of
false alarms (ray_jobs/models/sepsis/metrics.json, `budget_threshold`). Deterioration: 35 % is where the shipped model's
sensitivity and precision meet, about a half each (card: `alert_threshold`, `event1_fold_*`; 14 % of its patients died),
55 % is where its band "very high" begins. A model's own threshold is used where higher. `policies/default.yaml` says
the same, and a test holds the two together.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, field_serializer

from schemas.events.alerts import Channel, Kind
from services.alerting.durations import Duration
from services.alerting.rules import (
    Combination,
    Maintenance,
    Model,
    Part,
    QuietHours,
    Roster,
    Rule,
    ScoreRule,
    Words,
)

Limit = Literal["no_escalation", "palliative", "comfort"]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise ValueError(f"{name!r} is no time zone: write its IANA name, like Europe/Zurich") from error
    return name


class Policy(Part):
    """All rules of a ward. `risks` names the models whose live forecasts may alert.

    `unanswered_is_red`: an amber alert that its first role left unanswered goes on as red. `tell_on_transfer`: an alert
    that moves to another ward is told there anew. For `known_sepsis_for` from the onset of a sepsis
    that was diagnosed in this stay no new sepsis alert is raised; for `treated_sepsis_for` from the newest antibiotic
    no amber one. A call that no channel of `reached_by` has confirmed `unreached_after` it was made is told as
    unreached (None: never), and asks the next role at once where `unreached_asks_next`. `maintenance_holds_red: false`:
    maintenance holds amber only.
    """

    time_zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    news2: ScoreRule = ScoreRule(amber=5, red=7, resolve=3, stale_after=timedelta(hours=2))
    imaging: Rule = Rule(amber=0.5, red=1.0, resolve=0.0)
    risks: Mapping[Model, Rule] = {
        "sepsis": Rule(
            amber=0.09, red=0.3, resolve=0.06, raise_after=2, resolve_after=3, stale_after=timedelta(hours=4)
        ),
        "deterioration": Rule(
            amber=0.35, red=0.55, resolve=0.25, raise_after=2, resolve_after=3, stale_after=timedelta(hours=4)
        ),
    }
    combinations: Mapping[Words, Combination] = {}
    quiet_hours: QuietHours | None = None
    maintenance: Mapping[Words, Maintenance] = {}
    maintenance_holds_red: bool = True
    suppressing_limits: frozenset[Limit] = frozenset({"palliative", "comfort"})
    known_sepsis_for: Duration = timedelta(days=3)
    treated_sepsis_for: Duration = timedelta(hours=24)
    snooze: Duration = timedelta(hours=1)
    snooze_at_most: Duration = timedelta(hours=8)
    unanswered_is_red: bool = True
    tell_on_transfer: bool = True
    reached_by: frozenset[Channel] = frozenset({"webhook", "mail", "plugin", "fhir", "screen"})
    unreached_after: Duration | None = timedelta(minutes=5)
    unreached_asks_next: bool = False
    roster: Roster = Field(default_factory=dict)

    def rule(self, kind: Kind) -> Rule:
        """The rule of a kind; KeyError for a model that may not alert."""
        if kind == "news2":
            return self.news2
        return self.imaging if kind == "imaging" else self.risks[kind]

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Every kind of alert that can stand."""
        return ("news2", "imaging", *self.risks)

    @property
    def zone(self) -> ZoneInfo:
        """The ward's local time."""
        return ZoneInfo(self.time_zone)

    @field_serializer("suppressing_limits", "reached_by", when_used="json")
    def _sorted(self, given: frozenset[str]) -> list[str]:
        """In one order, so that equal policies print alike."""
        return sorted(given)
