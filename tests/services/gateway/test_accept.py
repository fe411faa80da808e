"""The gateway's core: documents in, events and fates out."""

import json
import tarfile
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events import EncounterEnded, EncounterStarted, ObservationsRecorded, PatientMerged, PatientRegistered
from schemas.fhir.patient import FHIR_AUTHORITY
from services.gateway.accept import Accepted, Asked, accept
from services.runtime.errors import BadInputError
from services.runtime.identity import FakeIdentity
from services.runtime.ports import Identifier
from tests.schemas.fhir.documents import KNOWN, Json, bundle, encounter, observation, patient, vitals

ASKED = Asked("main", KNOWN, "test")


def registered() -> FakeIdentity:
    """An identity store that knows Patient/p-1."""
    identity = FakeIdentity(lambda: "key-of-p-1")
    identity.register("main", [Identifier(FHIR_AUTHORITY, "p-1")])
    return identity


def take(content: Json, identity: FakeIdentity | None = None) -> Accepted:
    """Accept a document."""
    return accept(orjson.dumps(content), ASKED, identity or registered())


def fates(accepted: Accepted) -> list[str]:
    """The fate of each entry."""
    return [entry.fate for entry in accepted.entries]


def test_all_readings_of_a_patient_are_one_event() -> None:
    """Eight vital signs in one bundle travel as one ObservationsRecorded."""
    accepted = take(bundle(*vitals()))
    (event,) = accepted.events
    assert isinstance(event, ObservationsRecorded)
    assert len(event.readings) == accepted.readings == 8
    assert event.known == KNOWN
    assert fates(accepted) == ["applied"] * 8


def test_the_same_document_gives_the_same_events() -> None:
    """A resend is the same event, whenever it comes and whichever way it is read."""
    first = take(bundle(*vitals()))
    later = accept(orjson.dumps(bundle(*vitals())), Asked("main", KNOWN + timedelta(hours=1), "other"), registered())
    slow = take(bundle(*vitals(language="en")))
    assert [e.id for e in first.events] == [e.id for e in later.events] == [e.id for e in slow.events]


def test_more_than_200_readings_are_parted() -> None:
    """At most 200 readings in one event; nothing is left behind."""
    accepted = take(bundle(*(observation(id_=f"o-{n}") for n in range(450))))
    sizes = [len(e.readings) for e in accepted.events if isinstance(e, ObservationsRecorded)]
    assert sizes == [200, 200, 50]
    assert len({e.id for e in accepted.events}) == 3


def test_a_patient_in_the_bundle_is_found_by_urn() -> None:
    """urn:uuid references inside the bundle resolve, whatever the order; later documents find the person by id."""
    identity = FakeIdentity(lambda: "key-00000001")
    reading = observation(subject={"reference": "urn:uuid:p-1"}, encounter={"reference": "urn:uuid:e-1"})
    stay = encounter(subject={"reference": "urn:uuid:p-1"})
    accepted = take(bundle(reading, stay, patient()), identity)
    kinds = [type(e) for e in accepted.events]
    assert kinds == [PatientRegistered, EncounterStarted, ObservationsRecorded]
    recorded, started = accepted.events[2], accepted.events[1]
    assert isinstance(recorded, ObservationsRecorded)
    assert isinstance(started, EncounterStarted)
    assert recorded.encounter == started.encounter
    assert fates(take(bundle(observation()), identity)) == ["applied"]
    by_number = observation(subject={"identifier": {"value": "4711"}})
    assert fates(take(bundle(by_number), identity)) == ["applied"]


def test_a_stay_ends_after_its_readings() -> None:
    """What ends a stay is written last."""
    done = encounter(status="finished", period={"start": "2026-01-01T08:00:00Z", "end": "2026-01-02T11:59:00Z"})
    accepted = take(bundle(done, *vitals()))
    assert [type(e) for e in accepted.events] == [EncounterStarted, ObservationsRecorded, EncounterEnded]


def test_one_bad_entry_does_not_harm_the_others() -> None:
    """A negative heart rate is quarantined, an unused type ignored, the rest applied."""
    bad = observation(value=-5, id_="bad")
    accepted = take(bundle(*vitals(), bad, {"resourceType": "Claim"}, {"resourceType": "Banana"}))
    assert fates(accepted) == ["applied"] * 8 + ["quarantined", "ignored", "quarantined"]
    assert accepted.readings == 8
    assert "heart_rate" in accepted.entries[8].reason
    assert [entry.kind for entry in accepted.entries[9:]] == ["Claim", "unknown"]


def test_a_stranger_is_quarantined() -> None:
    """Readings of a patient never registered are kept apart, with what to do about it."""
    accepted = take(bundle(observation(subject={"reference": "Patient/stranger"})))
    assert fates(accepted) == ["quarantined"]
    assert "send the Patient" in accepted.entries[0].reason


def test_a_refused_patient_takes_its_readings_along() -> None:
    """Readings that refer to an unusable Patient of their bundle do not reach an older namesake."""
    reading = observation(subject={"reference": "urn:uuid:p-1"})
    assert fates(take(bundle(patient(gender=["x"]), reading))) == ["quarantined", "quarantined"]


def test_two_people_are_never_joined() -> None:
    """A Patient whose identifiers belong to two people is quarantined."""
    identity = FakeIdentity()
    take(bundle(patient("p-1", "1"), patient("p-2", "2")), identity)
    assert fates(take(bundle(patient("p-1", "2")), identity)) == ["quarantined"]


def test_a_merge() -> None:
    """A Patient replaced by another is merged into it."""
    identity = FakeIdentity()
    link = {"other": {"reference": "Patient/p-2"}, "type": "replaced-by"}
    accepted = take(bundle(patient("p-2", "2"), patient("p-1", "1", link=[link])), identity)
    merged = accepted.events[-1]
    assert isinstance(merged, PatientMerged)
    assert merged.patient == identity.resolve("main", Identifier(FHIR_AUTHORITY, "p-1"))
    assert merged.into == identity.resolve("main", Identifier(FHIR_AUTHORITY, "p-2"))


def test_nothing_identifying_is_in_the_events() -> None:
    """Names, numbers and logical ids stay behind."""
    accepted = take(bundle(patient(), encounter(), *vitals()), FakeIdentity())
    text = "".join(event.model_dump_json() for event in accepted.events)
    for word in ("Doe", "Jane", "4711", "p-1", "e-1"):
        assert f'"{word}' not in text


@pytest.mark.parametrize(
    ("document", "status"),
    [
        (b'{"resourceType": "Bundle", "type": "transa', 400),
        (b"", 400),
        (b"\xff\xfe", 400),
        (b"[]", 400),
        (b'{"resourceType": "Bundle", "type": "searchset", "entry": []}', 422),
        (b'{"resourceType": "Bundle", "type": "batch", "entry": {}}', 422),
        (b'{"resourceType": "Bundle", "type": "batch", "entry": [1]}', 422),
        (b'{"resourceType": "Patient", "id": "x"}', 422),
    ],
)
def test_what_cannot_be_taken_apart_is_refused_whole(document: bytes, status: int) -> None:
    """Truncated JSON, no object, no bundle: one answer for the whole document."""
    with pytest.raises(BadInputError) as error:
        accept(document, ASKED, registered())
    assert error.value.status == status


def test_reading_and_deleting_is_not_done_here() -> None:
    """GET and DELETE entries are answered, not carried out."""
    accepted = take(bundle(observation(), method="DELETE"))
    assert fates(accepted) == ["quarantined"]
    assert accepted.events == ()


@given(st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["resourceType", "type", "entry", "resource", "request", "method", "id", "status", "subject",
                         "reference", "code", "identifier", "link", "fullUrl"]), inner, max_size=4),
    max_leaves=12,
))  # fmt: skip
def test_no_document_makes_it_fall_over(content: object) -> None:
    """Any JSON is accepted entry by entry or refused whole; nothing else is raised, and every entry has a fate."""
    for root in (content, {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": content}]}):
        try:
            accepted = accept(json.dumps(root).encode(), ASKED, registered())
        except BadInputError:
            continue
        assert len(fates(accepted)) == accepted.count("applied") + accepted.count("ignored") + accepted.count(
            "quarantined"
        )


@pytest.mark.data
def test_every_resource_of_real_bundles_has_a_fate(shared_data: Path) -> None:
    """Of real bundles nothing is lost: each resource is applied or ignored, none is unusable, in its own old time."""
    identity = FakeIdentity()
    with tarfile.open(shared_data / "fhir_synthea" / "bundles.tar.xz") as archive:
        for member in list(archive)[:12]:
            stream = archive.extractfile(member)
            if stream is None:
                continue
            document = stream.read()
            accepted = accept(document, ASKED, identity)
            sent = len(orjson.loads(document)["entry"])
            assert len(accepted.entries) == sent
            assert accepted.count("applied") + accepted.count("ignored") == sent
            assert accepted.readings > 0
            assert accepted == accept(document, ASKED, identity)
