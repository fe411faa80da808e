"""What the schedule page shows, as typed values: a theatre plan, its price, its changes, and what was said about it."""

from datetime import date, datetime

from services.console.reading.parts import Shown


class Booked(Shown):
    """One request in the plan; `day` counts from the plan's first, None is left for later."""

    request: str
    key: str
    label: str
    surgeon: str
    minutes: int
    nights: int
    mandatory: bool
    day: int | None
    theatre: str | None
    start: datetime | None
    room: str | None
    pinned: bool
    reason: str
    sex: str
    age_group: str
    age_tier: int
    earliest: int | None
    latest: int | None
    not_rooms: tuple[str, ...]
    moved: bool


class Lying(Shown):
    """Someone who is in a room from the first day."""

    label: str
    room: str
    nights: int
    sex: str
    age_group: str
    age_tier: int


class Named(Shown):
    """A surgeon with the minutes of each day, or without them where nothing is known."""

    id: str
    name: str
    minutes: tuple[int, ...] = ()


class RoomRow(Shown):
    """A room of the plan."""

    id: str
    name: str
    beds: int | None


class Share(Shown):
    """One component of the price: how often, what it costs, and its share of the whole in percent."""

    name: str
    label: str
    count: int
    cost: int
    percent: float


class Change(Shown):
    """What the plan moves against the one before."""

    request: str
    label: str
    text: str
    before: str | None
    after: str


class Risk(Shown):
    """What the plan meets when durations and stays vary; `otherwise`: the plan without room for longer stays."""

    name: str
    text: str
    otherwise: str


class Overflow(Shown):
    """The chance that a ward needs more beds than it has on a day."""

    where: str
    day: date
    chance: float


class Said(Shown):
    """One decision about a plan: who, what, why, when, and the edits in words."""

    proposal: str
    decision: str
    words: str
    who: str
    why: str
    at: datetime
    plan_of: datetime | None
    edits: tuple[str, ...]


class Against(Shown):
    """A rule (cost None) or a cost that stands against what was asked."""

    rule: str
    text: str
    cost: int | None


class Question(Shown):
    """Why not, and the answer when it has come."""

    id: str
    request: str
    asked: str
    who: str
    at: datetime
    answered: bool
    text: str
    price: int | None
    against: tuple[Against, ...]
    changes: tuple[str, ...]


class Plan(Shown):
    """A theatre plan. `may`: what the viewer can decide next. `editable`: empty, or why no edit can be weighed."""

    id: str
    as_of: datetime
    cause: str
    begins: date
    days: int
    decision: str | None
    who: str | None
    why: str | None
    decided: datetime | None
    may: tuple[str, ...]
    editable: str
    tryable: bool
    theatres: tuple[Named, ...]
    surgeons: tuple[Named, ...]
    rooms: tuple[RoomRow, ...]
    bookings: tuple[Booked, ...]
    lying: tuple[Lying, ...]
    costs: tuple[Share, ...]
    total: int
    changes: tuple[Change, ...]
    conflicts: tuple[str, ...]
    risks: tuple[Risk, ...]
    overflow: tuple[Overflow, ...]
    questions: tuple[Question, ...]


class Approved(Shown):
    """The plan that people work by now."""

    id: str
    as_of: datetime
    who: str
    at: datetime
    why: str


class ScheduleView(Shown):
    """Everything on the page, as of `now` (clinical time): the newest plan, and the approved one if it is another."""

    now: datetime
    plan: Plan | None
    approved: Approved | None
    said: tuple[Said, ...]
