"""What the simulated hospital says about theatres and operations, through the gateway's own eyes."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from schemas.events import AdmissionRequested, AvailabilityPublished, EncounterStarted, Event, LocationDefined
from services.gateway.accept import Asked, accept
from services.runtime.identity import FakeIdentity
from services.simulator.hospital import SURGICAL, Hospital
from services.simulator.resources import Resource, bundle, locations
from services.simulator.theatres import CLOSES, DAYS, SURGEONS, THEATRES, WAITING_AT_START, Theatres

START = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
"""A Friday afternoon: the next working day is a Monday."""
SPEED = 60.0


class Town:
    """A hospital's theatres, and (unless `deaf`) a gateway that never quarantines what it sends."""

    def __init__(self, seed: int = 7, *, deaf: bool = False) -> None:
        self.deaf = deaf
        self.theatres = Theatres(Hospital(seed, START), SPEED)
        self.identity = FakeIdentity()
        self.sent: list[list[Resource]] = []
        self.events: list[Event] = []

    def take(self, resources: list[Resource], at: datetime) -> None:
        """Publish one bundle."""
        self.sent.append(resources)
        if self.deaf:
            return
        accepted = accept(orjson.dumps(bundle(resources)), Asked("main", at, "simulator"), self.identity)
        assert [(e.kind, e.reason) for e in accepted.entries if e.fate == "quarantined"] == []
        self.events += accepted.events

    def open(self) -> "Town":
        """Everything said at the start."""
        self.take(locations(), START)
        for at, resources in self.theatres.opening():
            self.take(resources, at)
        return self

    def live(self, until: timedelta, step: timedelta = timedelta(minutes=5)) -> list[Event]:
        """Everything said from the start to that time; the events that came of it."""
        before, now = len(self.events), START
        while now < START + until:
            now += step
            for at, resources in self.theatres.live(now):
                self.take(resources, at)
        return self.events[before:]


def available(events: list[Event], role: str) -> list[AvailabilityPublished]:
    """The availability of a role."""
    return [e for e in events if isinstance(e, AvailabilityPublished) and e.role == role]


@pytest.fixture(scope="module")
def opened() -> list[Event]:
    """The events of the opening."""
    return Town().open().events


def test_a_fortnight_can_be_planned(opened: list[Event]) -> None:
    """Theatres, surgeons and every ward's shifts for 14 days, and requests of both kinds, all used by the gateway."""
    events = opened
    assert {e.location for e in events if isinstance(e, LocationDefined) and e.kind == "theatre"} == set(THEATRES)
    assert {e.location for e in available(events, "theatre")} == set(THEATRES)
    assert {e.location for e in available(events, "surgeon")} == set(SURGEONS)
    shifts = Counter((e.ward, e.day, e.shift) for e in available(events, "nurse"))
    assert len(shifts) == 4 * DAYS * 3
    asked = [e for e in events if isinstance(e, AdmissionRequested)]
    kinds = Counter(e.surgery.due is not None for e in asked if e.surgery is not None)
    assert sum(kinds.values()) == WAITING_AT_START
    assert min(kinds.values()) >= 3
    assert {e.specialty for e in asked} == {SURGICAL.specialty}


def test_what_is_asked_can_be_done(opened: list[Event]) -> None:
    """Everyone's surgeon has time, and the waiting list needs less than the theatres have."""
    events = opened
    asked = [e.surgery for e in events if isinstance(e, AdmissionRequested) and e.surgery is not None]
    surgeons = {e.location for e in available(events, "surgeon")}
    assert {s.surgeon for s in asked} <= surgeons
    assert sum(s.minutes for s in asked) < sum(e.minutes for e in available(events, "theatre"))


def test_accidents_come_when_somebody_watches() -> None:
    """25 real seconds into it a theatre is closed on the next working day, 15 later an emergency comes."""
    town = Town().open()
    assert town.live(timedelta(seconds=24 * SPEED), timedelta(minutes=1)) == []
    events = town.live(timedelta(seconds=45 * SPEED), timedelta(minutes=1))
    (closed,) = available(events, "theatre")
    assert (closed.location, closed.minutes, closed.day.isoformat()) == (CLOSES, 0, "2026-11-23")
    (emergency,) = [e for e in events if isinstance(e, AdmissionRequested) and e.priority == 1]
    assert emergency.surgery is not None
    assert emergency.surgery.release == START.date()
    assert emergency.surgery.due is not None


def test_they_come_in_some_day() -> None:
    """Whoever waits is admitted to the surgical ward in time, and the request is fulfilled."""
    events = Town().open().live(timedelta(days=10), timedelta(hours=1))
    came = [e for e in events if isinstance(e, EncounterStarted)]
    assert len(came) >= 10
    assert {e.place.ward for e in came} == {SURGICAL.code}
    done = [e for e in events if isinstance(e, AdmissionRequested) and e.status == "fulfilled"]
    assert len(done) == len(came)


def test_the_same_seed_says_the_same() -> None:
    """Two hospitals of one seed send the same resources."""
    one, two = Town(deaf=True).open(), Town(deaf=True).open()
    one.live(timedelta(hours=6))
    two.live(timedelta(hours=6))
    assert one.sent == two.sent


def test_the_load_is_small() -> None:
    """The opening is a few dozen bundles, none of them near the limit of the fast path."""
    sent = Town(deaf=True).open().sent
    assert len(sent) < 40
    assert max(len(orjson.dumps(bundle(resources))) for resources in sent) < 256_000


def test_the_fortnight_moves_on() -> None:
    """Every midnight one more day of lists and rosters is published: there are always 14 days to plan."""
    town = Town().open()
    events = town.live(timedelta(days=2), timedelta(hours=1))
    days = {e.day for e in available(events, "theatre") if e.minutes}
    assert max(days) == START.date() + timedelta(days=2 + DAYS - 1)
    assert len({(e.ward, e.day, e.shift) for e in available(events, "nurse")}) == 2 * 4 * 3
