"""The parts that several pages share: score, vital sign, forecast, alert; as typed values."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Shown(BaseModel):
    """A value on a page and in its JSON."""

    model_config = ConfigDict(frozen=True)


class Vital(Shown):
    """One reading, or the lack of it: `value` None means never measured in the last 48 hours."""

    code: str
    label: str
    short: str
    unit: str
    value: float | None = None
    text: str = "–"
    taken: datetime | None = None
    points: int | None = None


class Parameter(Shown):
    """One line of NEWS2. `points` None: nothing fresh was measured, so it is not counted."""

    code: str
    label: str
    unit: str
    text: str
    points: int | None
    taken: datetime | None


class Score(Shown):
    """The newest NEWS2. `total` None: `lowest` to `highest`, because of what is `missing`."""

    total: int | None
    lowest: int
    highest: int
    text: str
    band: Literal["low", "low-medium", "medium", "high"] | None
    band_text: str
    red: bool
    red_text: str
    missing: tuple[str, ...]
    as_of: datetime
    change: int | None
    not_applicable: str | None
    parameters: tuple[Parameter, ...]


class Forecast(Shown):
    """The newest word of one model: a probability, 'missed' or 'cannot assess' with the reason.

    `rank` orders bands, 0 (low) to 3 (very high); `stale`: made too long ago to stand for now; not `fresh`: made from
    readings too old to alert on. `conformal` names the outcomes that the forecast cannot exclude.
    """

    id: str
    model: str
    label: str
    version: str
    mode: Literal["silent", "live"]
    state: Literal["forecast", "missed", "cannot assess"]
    text: str
    probability: float | None
    threshold: float | None
    horizon_hours: float | None
    over: bool
    band: str | None
    band_text: str
    rank: int
    conformal: tuple[str, ...] | None
    late: bool
    fresh: bool
    stale: bool
    reason: str | None
    as_of: datetime


class TopRisk(Shown):
    """The live model whose band is the highest, why in one line, and the other live models that could not answer."""

    forecast: Forecast
    line: str
    unanswered: tuple[str, ...]


class Told(Shown):
    """A receiver that has a call: its name, how it went, to which role, when it confirmed."""

    receiver: str
    channel: str
    channel_text: str
    role_text: str
    at: datetime


class Called(Shown):
    """The newest call of an alert (`call`: its event's id): whom it asks since `at`, as step 1 to 3, and who is next.

    Until `quiet_until` nobody is called. `reached`: a receiver that counts has it; `unreached`: none has, and the time
    for it is over. `told`: the newest deliveries of all calls.
    """

    call: str
    role: str | None
    role_text: str
    step: int | None
    contact: str | None
    at: datetime
    next_role: str | None
    next_text: str
    next_at: datetime | None
    quiet_until: datetime | None
    reached: bool
    unreached: bool
    told: tuple[Told, ...]


class Closed(Shown):
    """A ward on which nobody is called for a while, by whom and why."""

    ward: str
    ward_name: str
    since: datetime
    until: datetime
    who: str
    why: str


class Alert(Shown):
    """Where one alert stands. `pending`: someone decided, the alert authority has not yet answered."""

    id: str
    patient: str
    kind: str
    kind_text: str
    severity: Literal["amber", "red"]
    phase: str
    summary: str
    raised: datetime
    changed: datetime
    who: str | None
    until: datetime | None
    reason: str | None
    evidence: tuple[str, ...]
    pending: str | None
    called: Called | None = None

    @property
    def open(self) -> bool:
        """Whether it still asks for something."""
        return self.phase in {"raised", "stale", "acknowledged", "snoozed"}

    @property
    def unanswered(self) -> bool:
        """Whether nobody has taken it."""
        return self.phase in {"raised", "stale"} and self.pending is None


class Point(Shown):
    """One point of a trend."""

    at: datetime
    value: float
