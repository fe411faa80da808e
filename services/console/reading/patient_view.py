"""What the patient page shows, as typed values: trends, risk and why, advice, alerts with their story, films, labs."""

from datetime import datetime

from services.console.reading import board
from services.console.reading.advised import AdviceView
from services.console.reading.parts import Alert, Closed, Point, Shown
from services.console.reading.risk_view import Panel, RiskTrend


class Stripe(Shown):
    """Values above `low` up to `high` score `points` in NEWS2; None is open."""

    low: float | None
    high: float | None
    points: int


class Trend(Shown):
    """One reading's last 48 hours, and how NEWS2 scores its values."""

    code: str
    label: str
    unit: str
    decimals: int
    span: tuple[float, ...]
    stripes: tuple[Stripe, ...]
    points: tuple[Point, ...]


class Transition(Shown):
    """One thing that happened to an alert."""

    what: str
    at: datetime
    who: str | None
    until: datetime | None
    reason: str | None
    severity: str


class Story(Shown):
    """An alert and everything that happened to it, newest first."""

    alert: Alert
    transitions: tuple[Transition, ...]


class Film(Shown):
    """One picture and what the model said; `picture` and `heatmap` say whether there is one to show."""

    id: str
    model: str
    mode: str
    as_of: datetime
    outcome: str
    outcome_text: str
    text: str
    reason: str | None
    classes: tuple[tuple[str, float], ...]
    picture: bool
    heatmap: bool
    read_by: str | None = None
    """Who made the report of the study final; None: nobody yet."""
    read_as: str | None = None
    """Their words, where they said other than the model; '' where they confirmed it."""


class Lab(Shown):
    """The newest of a laboratory value, and the one before."""

    label: str
    unit: str
    text: str
    before: str | None
    taken: datetime


class PatientView(Shown):
    """Everything on the page, as of `now` (clinical time)."""

    now: datetime
    row: board.BoardRow
    encounter: str
    open: bool
    ended: datetime | None
    outcome: str | None
    oxygen_target: str | None
    trends: tuple[Trend, ...]
    scores: tuple[Point, ...]
    risks: tuple[RiskTrend, ...]
    panels: tuple[Panel, ...]
    advice: tuple[AdviceView, ...]
    stories: tuple[Story, ...]
    maintenance: tuple[Closed, ...] = ()
    films: tuple[Film, ...]
    labs: tuple[Lab, ...]
