"""What the patient page says about risk, as typed values: a panel for each model, its course, and why."""

from datetime import datetime
from typing import Literal

from services.console.reading.parts import Forecast, Point, Shown


class RiskTrend(Shown):
    """One model's probabilities; `gaps` are the instants at which there was no answer, and why."""

    model: str
    label: str
    mode: str
    threshold: float | None
    points: tuple[Point, ...]
    gaps: tuple[tuple[datetime, str], ...]


class Factor(Shown):
    """One reading behind a forecast: what it was, and what the forecast would be without it.

    `share` is its length beside the strongest, -1 to 1; above 0 it raises the risk. `outside` says on which side of
    the adult reference range the value lies.
    """

    name: str
    label: str
    text: str
    taken: datetime | None
    range_text: str
    outside: Literal["above", "below"] | None
    trend_text: str
    share: float
    without_text: str


class Why(Shown):
    """The newest explanation. `current`: it is that of the forecast shown; `changes` since the explanation before."""

    forecast: str
    as_of: datetime
    text: str
    because: str
    current: bool
    before: str
    changes: tuple[str, ...]
    factors: tuple[Factor, ...]


class Panel(Shown):
    """One model's word about one patient. `forecast` None: it is live here and has said nothing yet."""

    model: str
    label: str
    horizon: str
    mode: str
    forecast: Forecast | None
    bands: tuple[tuple[str, float], ...]
    certainty: str
    direction: Literal["up", "down", "steady"] | None
    trend_text: str
    course: tuple[Point, ...]
    why: Why | None
