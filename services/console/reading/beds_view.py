"""What the beds page shows, as typed values: wards, beds, census and forecast, who waits, proposals."""

from datetime import datetime

from services.console.reading.parts import Point, Shown


class Occupant(Shown):
    """Who lies in a bed."""

    key: str
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
    """Occupied beds expected at an instant: mean and quantiles at the forecast's levels."""

    at: datetime
    mean: float
    quantiles: tuple[float, ...]


class Demand(Shown):
    """The newest forecast of a ward."""

    as_of: datetime
    model: str
    version: str
    levels: tuple[float, ...]
    hours: tuple[Hour, ...]


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
    demand: Demand | None


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
    """Everything on the page, as of `now` (clinical time)."""

    now: datetime
    wards: tuple[WardBeds, ...]
    waiting: tuple[Waiting, ...]
    proposals: tuple[Proposal, ...]
