"""Slots of one bundle → one word about each resource and day."""

import json
from datetime import UTC, date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.events import AvailabilityPublished, LocationDefined
from schemas.fhir.facts import Opening
from services.gateway.accept import Accepted, Asked, accept
from services.gateway.availability import available
from services.runtime.errors import BadInputError
from services.runtime.identity import FakeIdentity
from tests.schemas.fhir.documents import KNOWN, Json, bundle, coding
from tests.schemas.fhir.test_planning import theatre

DAY = datetime(2026, 1, 5, tzinfo=UTC)


def taken(*resources: Json, later: timedelta = timedelta()) -> Accepted:
    """What becomes of a bundle."""
    document = json.dumps(bundle(*resources, method="PUT")).encode()  # of any size of number, as others write it
    return accept(document, Asked("main", KNOWN + later, "x"), FakeIdentity())


def said(accepted: Accepted) -> list[AvailabilityPublished]:
    """The availability in it."""
    return [e for e in accepted.events if isinstance(e, AvailabilityPublished)]


def rota(*actors: str, **more: object) -> Json:
    """A Schedule."""
    return {"resourceType": "Schedule", "id": "rota", "actor": [{"reference": a} for a in actors]} | more


def piece(id_: str, begin: int, end: int, status: str = "free") -> Json:
    """A Slot of the Schedule between two hours."""
    return {
        "resourceType": "Slot", "id": id_, "status": status, "schedule": {"reference": "Schedule/rota"},
        "start": (DAY + timedelta(hours=begin)).isoformat(), "end": (DAY + timedelta(hours=end)).isoformat(),
    }  # fmt: skip


def test_a_days_slots_are_one_event() -> None:
    """Minutes are summed over a day's free slots, the theatre is told first, and the Schedule itself is no fact."""
    accepted = taken(piece("a", 8, 12), piece("b", 13, 17), rota("Location/OR-1"), theatre())
    assert [type(e) for e in accepted.events] == [LocationDefined, AvailabilityPublished]
    (event,) = said(accepted)
    assert (event.role, event.location, event.day, event.minutes) == ("theatre", "OR-1", date(2026, 1, 5), 480)
    assert [e.fate for e in accepted.entries] == ["applied", "applied", "ignored", "applied"]


def test_a_duplicate_slot_counts_once() -> None:
    """The same hours twice, or overlapping, are the same hours."""
    (event,) = said(taken(rota("Location/OR-1"), piece("a", 8, 12), piece("b", 8, 12), piece("c", 11, 13)))
    assert event.minutes == 300


def test_a_later_bundle_replaces_the_day() -> None:
    """A closed theatre has no minutes; the word has another id, and the same key so that compaction keeps the last."""
    (opened,) = said(taken(rota("Location/OR-1"), piece("a", 8, 16)))
    (closed,) = said(taken(rota("Location/OR-1"), piece("a", 8, 16, "busy-unavailable"), later=timedelta(hours=1)))
    (again,) = said(taken(rota("Location/OR-1"), piece("a", 8, 16), later=timedelta(hours=2)))
    assert [e.minutes for e in (opened, closed, again)] == [480, 0, 480]
    assert len({e.id for e in (opened, closed, again)}) == 3
    assert len({e.key for e in (opened, closed, again)}) == 1


def test_a_resend_of_versions_is_the_same_event() -> None:
    """Slots that carry their version give the same id whenever they come."""
    versioned = piece("a", 8, 16) | {"meta": {"versionId": "3"}}
    first, second = (said(taken(rota("Location/OR-1"), versioned, later=timedelta(hours=n))) for n in (0, 5))
    assert [e.id for e in first] == [e.id for e in second]


def test_a_nurse_by_role() -> None:
    """PractitionerRole in the bundle says who, what, where and how skilled; a person's name does not travel."""
    role = {
        "resourceType": "PractitionerRole", "id": "r", "code": [coding("nurse", "urn:r")],
        "practitioner": {"reference": "Practitioner/n-1", "display": "Jane Doe"},
        "location": [{"reference": "Location/5A"}],
        "extension": [
            {"url": "urn:wardwatch:nurse-skill", "valueInteger": 2},
            {"url": "urn:wardwatch:nurse-most-workload", "valueInteger": 15},
        ],
    }  # fmt: skip
    person = {"resourceType": "Practitioner", "id": "n-1", "name": [{"family": "Doe"}]}
    accepted = taken(person, role, rota("PractitionerRole/r"), piece("a", 7, 15))
    (event,) = said(accepted)
    assert (event.role, event.location, event.shift, event.ward) == ("nurse", "n-1", "early", "5A")
    assert (event.skill, event.most_workload, event.minutes) == (2, 15, 480)
    assert "Doe" not in repr(accepted.events)


def test_a_place_that_is_no_theatre() -> None:
    """Slots of a place that the bundle itself shows to be a consulting room are of no use here."""
    room = theatre(type=[coding("OF", "urn:role")])
    accepted = taken(room, rota("Location/OR-1"), piece("a", 8, 12))
    assert not said(accepted)
    assert accepted.entries[2].fate == "ignored"


def test_a_bad_slot_takes_only_itself_away() -> None:
    """The others of its day count; the sender hears which was bad."""
    accepted = taken(rota("Location/OR-1"), piece("a", 8, 12), piece("b", 17, 13))
    assert [e.minutes for e in said(accepted)] == [240]
    assert (accepted.entries[2].fate, accepted.entries[2].path) == ("quarantined", "Slot.end")


hours = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda pair: pair[0] < pair[1])


@given(st.lists(st.tuples(hours, st.booleans()), min_size=1, max_size=12))
def test_minutes_are_those_that_a_recount_finds(pieces: list[tuple[tuple[int, int], bool]]) -> None:
    """Minute by minute: open when at least one slot is free there and none says otherwise."""
    told = [
        Opening("theatre", "OR", DAY.date(), None, DAY + timedelta(minutes=a), DAY + timedelta(minutes=b), free, "")
        for (a, b), free in pieces
    ]
    (event,) = available(told, "main", KNOWN)
    free = {m for (a, b), yes in pieces if yes for m in range(a, b)}
    busy = {m for (a, b), yes in pieces if not yes for m in range(a, b)}
    assert event.minutes == len(free - busy)


def test_references_inside_a_bundle() -> None:
    """`urn:uuid:` references need no type: the resources that they name are in the bundle."""
    role = {"resourceType": "PractitionerRole", "specialty": [coding("394609007", "urn:s")],
            "practitioner": {"reference": "Practitioner/dr-7"}}  # fmt: skip
    plan = {"resourceType": "Schedule", "actor": [{"reference": "urn:uuid:role"}]}
    opened = piece("a", 8, 12) | {"schedule": {"reference": "urn:uuid:plan"}}
    entries = [{"fullUrl": f"urn:uuid:{n}", "resource": r} for n, r in (("role", role), ("plan", plan), ("a", opened))]
    document = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    (event,) = said(accept(json.dumps(document).encode(), Asked("main", KNOWN, "x"), FakeIdentity()))
    assert (event.role, event.location, event.minutes) == ("surgeon", "dr-7", 240)


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=4,
)
FIELDS = {
    "Slot": ("status", "start", "end", "schedule", "extension", "contained", "meta"),
    "Schedule": ("actor", "specialty", "serviceCategory", "active", "extension"),
    "PractitionerRole": ("code", "specialty", "location", "practitioner", "extension"),
}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([(kind, name) for kind, names in FIELDS.items() for name in names]), junk)
def test_junk_is_an_answer(field: tuple[str, str], value: object) -> None:
    """Whatever stands in one element, the bundle is taken apart and every entry has its fate."""
    role: Json = {"resourceType": "PractitionerRole", "id": "r", "code": [coding("nurse", "urn:r")],
                  "practitioner": {"reference": "Practitioner/n-1"}}  # fmt: skip
    resources = [role, rota("PractitionerRole/r"), piece("a", 7, 15)]
    changed = [r | {field[1]: value} if r["resourceType"] == field[0] else r for r in resources]
    try:
        accepted = taken(*changed)
    except BadInputError:
        return  # not JSON: an integer too large for it
    assert len(accepted.entries) == len(resources)
