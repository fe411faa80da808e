"""Questions to the planner and their answers, as values that travel as JSON lines to and from the planning process."""

from collections.abc import Mapping
from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from ray_jobs.scheduling.ihtp import Instance, Solution


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Fixed(_Value):
    """What of a patient's admission is not to be decided; `admitted` False: none in this horizon."""

    day: int | None = None
    room: str | None = None
    theatre: str | None = None
    admitted: bool = True


class Budget(_Value):
    """How long a search may take; where `iterations` end it, the same question gives the same answer."""

    seconds: float = Field(default=10.0, gt=0)
    iterations: int | None = None
    threads: int = 1
    seed: int = 0


class Room(_Value):
    """The room that a plan leaves for what lasts longer: a factor on stays, the share of theatre lists that is used."""

    stays: float = 1.0
    lists: float = 1.0


class PlanTask(_Value):
    """A plan is wanted: `before` is kept at `change_weight` a change, `wards` maps rooms to wards.

    `room` is what the plan before left, and is left again; None looks for as much as `overflow_risk` and
    `cancelled_share` need.

    What is `fixed` for patients in `yielding` gives way where no plan is possible otherwise.
    """

    instance: Instance
    budget: Budget = Budget()
    before: Solution | None = None
    fixed: Mapping[str, Fixed] = Field(default_factory=dict)
    yielding: frozenset[str] = frozenset()
    room: Room | None = None
    change_weight: int = 50
    wards: Mapping[str, str] = Field(default_factory=dict)
    overflow_risk: float = 0.05
    cancelled_share: float = 0.05
    simulated_runs: int = 0
    names: Mapping[str, str] = Field(default_factory=dict)
    begins: date | None = None


class Told(_Value):
    """A conflict as `conflicts` says it."""

    text: str
    patients: tuple[str, ...]
    resource: str
    short: int = 0


class RiskRow(_Value):
    """One line of deterministic against robust plan; `robust` is the plan that is answered."""

    name: str
    planned: float
    robust: float


class WardRisk(_Value):
    """The chance that a ward needs more beds than it has on a day."""

    ward: str
    day: int
    chance: float


class PlanAnswer(_Value):
    """The plan, its price by `schedule check`, and what is wrong or uncertain about it.

    `given_up` are patients who must be planned and cannot all be; the report counts those of them whom the plan
    leaves out as violations, as it does against the instance that was asked about. `yielded`: what was fixed for
    those who may yield was not kept fixed.
    """

    solution: Solution
    report: Mapping[str, int]
    conflicts: tuple[Told, ...] = ()
    given_up: tuple[str, ...] = ()
    yielded: bool = False
    rows: tuple[RiskRow, ...] = ()
    overflow: tuple[WardRisk, ...] = ()
    room: Room | None = None
    iterations: int = 0
    seconds: float = 0.0


class PriceTask(_Value):
    """What would it cost to fix one patient so, if the rest of the plan gave way?"""

    instance: Instance
    solution: Solution
    patient: str
    fixed: Fixed
    budget: Budget = Budget(seconds=4.0)
    change_weight: int = 50


class PriceAnswer(_Value):
    """`price` is the cost of the best plan found with it less that of the plan as it is; None: none is allowed."""

    price: int | None
    solution: Solution | None = None


class Request(_Value):
    """A line to the planning process: one of the two."""

    plan: PlanTask | None = None
    price: PriceTask | None = None


class Reply(_Value):
    """A line from it: an answer, or the bad input that there is none to; `ready` is its first line."""

    ready: bool = False
    refused: str = ""
    plan: PlanAnswer | None = None
    price: PriceAnswer | None = None
