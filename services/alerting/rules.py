"""The parts of a policy: levels of one kind, waits by role, combinations, quiet hours, maintenance, roster.

Frozen and closed: a name that nobody knows is an error, and so are levels that contradict one another. The words of an
error say what to write instead (`services.alerting.policies` adds file and line).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from schemas.events.alerts import Kind, Role, Severity
from services.alerting.durations import Duration, TimeOfDay

Count = Annotated[int, Field(ge=1, le=100)]
Share = Annotated[float, Field(ge=0, le=1)]
Model = Literal["sepsis", "deterioration"]
Words = Annotated[str, Field(min_length=1, max_length=128)]
ROLES: Final[tuple[Role, ...]] = ("bedside_nurse", "charge_nurse", "rapid_response")
"""In the order in which an unanswered alert goes on from one to the next."""


class Part(BaseModel):
    """A closed value."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Waits(Part):
    """How long each role has to take an alert before the next one is addressed; the last role has no next."""

    bedside_nurse: Duration
    charge_nurse: Duration = timedelta(minutes=15)

    def of(self, role: Role) -> timedelta | None:
        """The wait of a role; None for the last."""
        return {"bedside_nurse": self.bedside_nurse, "charge_nurse": self.charge_nurse}.get(role)


class Rule(Part):
    """One kind of alert. `amber` and `red` raise, `resolve` and below is recovery; between them nothing changes.

    `raise_after` of the last `of_last` signals must be above to raise (without `of_last`: so many in a row),
    `resolve_after` recovered in a row to resolve. After `stale_after` without a signal an alert is stale (None: never).
    For `silence_after` from its end by recovery or by a person no new alert of the kind is raised; a red one is,
    unless `silence_holds_red`. `enabled: false` raises none; what stands goes on.
    """

    enabled: bool = True
    amber: float
    red: float
    resolve: float
    raise_after: Count = 1
    of_last: Count | None = None
    resolve_after: Count = 2
    stale_after: Duration | None = None
    silence_after: Duration = timedelta(0)
    silence_holds_red: bool = False
    escalate_amber_after: Waits = Waits(bedside_nurse=timedelta(minutes=60))
    escalate_red_after: Waits = Waits(bedside_nurse=timedelta(minutes=15))

    @model_validator(mode="after")
    def ordered(self) -> Self:
        """Levels stand in order, or an alert could be raised and recovered by the same signal."""
        if not self.resolve < self.amber <= self.red:
            msg = (
                f"the levels contradict one another: resolve {self.resolve:g} < amber {self.amber:g} <= red "
                f"{self.red:g} does not hold; change one of them"
            )
            raise ValueError(msg)
        if self.of_last is not None and self.of_last < self.raise_after:
            msg = f"raise_after {self.raise_after} of_last {self.of_last} cannot be: make of_last the larger one"
            raise ValueError(msg)
        return self

    @property
    def window(self) -> int:
        """How many of the newest signals count towards raising."""
        return self.of_last or self.raise_after

    def waits(self, severity: Severity) -> Waits:
        """The waits at a severity."""
        return self.escalate_red_after if severity == "red" else self.escalate_amber_after


class ScoreRule(Rule):
    """NEWS2; a 3 in one parameter raises on its own (NEWS2 2017, table 2: urgent)."""

    single_red_parameter: Literal["nothing", "amber", "red"] = "amber"


class Condition(Part):
    """One thing that must hold: exactly one of the five.

    `risk` a model's live forecast of `at_least`; `rise` of a model's forecast `by` so much within `hours`; `news2` a
    total of so much or more; `red_parameter` a 3 in one; `finding` on a film (its label, or any) of `at_least`.
    """

    risk: Model | None = None
    rise: Model | None = None
    news2: Annotated[int, Field(ge=1, le=20)] | None = None
    red_parameter: Literal[True] | None = None
    finding: Words | None = None
    at_least: Share | None = None
    by: Share | None = None
    hours: Annotated[int, Field(ge=1, le=48)] | None = None

    @model_validator(mode="after")
    def one(self) -> Self:
        """One kind of condition, with what it needs and nothing else."""
        named = [n for n in ("risk", "rise", "news2", "red_parameter", "finding") if getattr(self, n) is not None]
        if len(named) != 1:
            raise ValueError(f"name one of risk, rise, news2, red_parameter and finding, not {len(named)}")
        needs = {"risk": {"at_least"}, "rise": {"by", "hours"}}.get(named[0], set())
        takes = needs | ({"at_least"} if named[0] == "finding" else set())
        given = {n for n in ("at_least", "by", "hours") if getattr(self, n) is not None}
        if needs - given or given - takes:
            raise ValueError(f"{named[0]} takes {', '.join(sorted(takes)) or 'nothing else'}, not {sorted(given)}")
        return self


class Combination(Part):
    """Raises an alert of `kind` at once when all of `when` hold, each told at most `within` ago.

    While it holds, the alert does not recover.
    """

    enabled: bool = True
    kind: Kind
    severity: Severity = "amber"
    within: Duration = timedelta(hours=1)
    when: Annotated[tuple[Condition, ...], Field(min_length=1, max_length=8)]


class QuietHours(Part):
    """Local times between which an amber alert is recorded and shown, and people are told when they end."""

    begin: TimeOfDay
    end: TimeOfDay

    @model_validator(mode="after")
    def some(self) -> Self:
        """A whole day is no quiet hour."""
        if self.begin == self.end:
            raise ValueError(f"begin and end are both {self.begin:%H:%M}: give quiet hours an end, or leave them out")
        return self


class Maintenance(Part):
    """Between these instants nobody is told anything; everything is recorded, and told at the end if it stands."""

    begin: AwareDatetime
    end: AwareDatetime
    reason: Words

    @model_validator(mode="after")
    def ends(self) -> Self:
        """It must end."""
        if self.end <= self.begin:
            raise ValueError(f"end {self.end.isoformat()} is not after begin {self.begin.isoformat()}")
        return self


class Contact(Part):
    """Who has a role on a shift, and how they are reached (pager, phone, address): staff, never a patient."""

    who: Words
    contact: Words


Roster = Mapping[Role, Mapping[Literal["early", "late", "night", "any"], Contact]]
"""Role, then shift: `any` where the shift itself is not named."""
