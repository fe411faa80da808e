"""The examples of docs/integrating.md that say how planning is fed do what the page says."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from schemas.events import AdmissionRequested, AvailabilityPublished, Event, LocationDefined, Surgery
from schemas.hl7v2.types import Site
from services.gateway.accept import Asked, accept
from services.gateway.accept_hl7v2 import MessageCore
from services.runtime.identity import FakeIdentity
from services.runtime.ports import Identifier

PAGE = Path(__file__).parents[3] / "docs" / "integrating.md"
KNOWN = datetime(2026, 1, 2, 12, tzinfo=UTC)
EXAMPLE = re.compile(r"curl -X \w+ (\S+) [^\n]*\n[^\n]*<<'END'\n(.*?)\nEND\n", re.DOTALL)


def examples() -> list[Event]:
    """The events of every document that a curl of the page sends."""
    identity = FakeIdentity(lambda: "key-00000001")
    identity.register("main", [Identifier("fhir", "p-1")])
    found: list[Event] = []
    for url, document in EXAMPLE.findall(PAGE.read_text(encoding="utf-8")):
        kind, _, id_ = url.partition("/fhir")[2].strip("/").partition("/")
        asked = Asked("main", KNOWN, "x", kind or None, id_ or None, "PUT" if id_ else "POST")
        accepted = accept(document.encode(), asked, identity)
        assert [e.reason for e in accepted.entries if e.fate == "quarantined"] == []
        found += accepted.events
    return found


def test_the_message_of_the_page_is_a_person_and_a_stay() -> None:
    """What its printf writes is read without a complaint."""
    written = re.search(r"printf '(MSH.*?)' > admit\.hl7", PAGE.read_text(encoding="utf-8"))
    assert written is not None
    content = written[1].replace("\\\\", "\\").replace("\\r", "\r").encode()
    accepted = MessageCore(Site())(
        content, Asked("main", KNOWN + timedelta(days=90), "x", origin="hl7v2"), FakeIdentity()
    )
    assert [(entry.kind, entry.fate) for entry in accepted.entries] == [
        ("Patient", "applied"),
        ("Encounter", "applied"),
    ]


def test_the_examples_say_what_the_page_says() -> None:
    """A theatre, 420 minutes of it, a nurse's night, a surgeon's morning, and an operation that must be done."""
    theatre, opened, *people, request = examples()
    assert isinstance(theatre, LocationDefined)
    assert theatre.kind == "theatre"
    assert isinstance(opened, AvailabilityPublished)
    assert (opened.location, opened.minutes, opened.day) == ("OR-1", 420, date(2026, 1, 5))
    told = {e.role: e for e in people if isinstance(e, AvailabilityPublished)}
    assert (told["nurse"].shift, told["nurse"].ward, told["nurse"].skill) == ("night", "3S", 2)
    assert (told["surgeon"].location, told["surgeon"].minutes) == ("dr-7", 360)
    assert isinstance(request, AdmissionRequested)
    assert request.surgery == Surgery(minutes=75, surgeon="dr-7", release=date(2026, 1, 5), due=date(2026, 1, 12))
    assert request.expected_stay_hours == 48.0
