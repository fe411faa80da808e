"""What the beds page shows, as typed values: wards, beds, census, forecasts, nurses, who waits, proposals."""

from datetime import date, datetime

from services.console.reading.parts import Point, Shown


class Occupant(Shown):
    """Who lies in a bed; `opens`: whether the viewer may open their page."""

    key: str
    opens: bool
    name: str | None
    age: int | None
    sex: str
    score: str | None
    band: str | None


class Bed(Shown):
    """One bed: its status, and its patient when it has one."""

    id: str
    name: str
    status: str
    status_text: str
    isolation: bool
    occupant: Occupant | None


class Room(Shown):
    """The beds of one room; a ward without rooms has one without a name."""

    name: str
    beds: tuple[Bed, ...]


class Hour(Shown):
    """Beds needed at an instant: mean, quantiles at the forecast's levels, and the chance that there are too few."""

    at: datetime
    mean: float
    quantiles: tuple[float, ...]
    over: float


class Cause(Shown):
    """So many of the beds at the forecast's end are due to this; `percent` of all that add to it."""

    label: str
    beds: float
    percent: float


class Demand(Shown):
    """The newest forecast of a ward, a service or the site, by the hour or by the day (census at midday)."""

    as_of: datetime
    model: str
    version: str
    levels: tuple[float, ...]
    hours: tuple[Hour, ...]
    drivers: tuple[Cause, ...]


class Outlook(Shown):
    """A forecast in a few words: at a lead the mean and the 80 % interval; when too few beds are most likely."""

    hours: int
    mean: float
    low: float
    high: float


class Skill(Shown):
    """How good the forecasts of the last seven days were at a lead; `covered`: share inside the 80 % interval."""

    lead: str
    count: int
    mae: float
    bias: float
    covered: float


class NurseShift(Shown):
    """Nurses a shift needs and has. `state`: enough, tight (may be short) or short."""

    day: date
    shift: str
    needed: float
    needed_high: float
    rostered: int
    chance_short: float
    state: str
    text: str


class Future(Shown):
    """What is expected of a ward, a service or the site. `peak`: where the chance of too few beds is highest."""

    demand: Demand | None
    daily: Demand | None
    outlook: tuple[Outlook, ...]
    peak: Hour | None
    skill: tuple[Skill, ...]


class WardBeds(Shown):
    """One ward, or the whole site when `id` is empty."""

    id: str
    name: str
    specialty: str | None
    rooms: tuple[Room, ...]
    occupied: int
    beds: int
    closed: int
    waiting: int
    as_of: datetime | None
    history: tuple[Point, ...]
    days: tuple[Point, ...]
    future: Future
    nurses: tuple[NurseShift, ...]


class ServiceBeds(Shown):
    """The patients of one service (specialty), on whatever ward they lie."""

    id: str
    name: str
    occupied: int
    future: Future


class Waiting(Shown):
    """Someone who waits for a bed, and what is proposed."""

    request: str
    key: str
    name: str | None
    sex: str
    specialty: str
    priority: int
    priority_text: str
    isolation: bool
    since: datetime
    expected_stay_hours: float | None
    bed: str | None
    bed_name: str | None
    ward_name: str | None
    reason: str | None


class Proposal(Shown):
    """A proposal and what became of it."""

    id: str
    ward: str
    as_of: datetime
    placed: int
    total: int
    decision: str | None
    who: str | None
    why: str | None


class BedsView(Shown):
    """Everything on the page, as of `now` (clinical time). `for_surgery`: how many wait for a day of surgery."""

    now: datetime
    wards: tuple[WardBeds, ...]
    services: tuple[ServiceBeds, ...]
    waiting: tuple[Waiting, ...]
    for_surgery: int
    proposals: tuple[Proposal, ...]
