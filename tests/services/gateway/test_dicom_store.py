"""What becomes of an image object at the gateway's door, on fake ports."""

import io
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.sequence import Sequence

from schemas.dicom.confidentiality import IDENTIFYING, KEPT
from schemas.envelope import decode
from schemas.events import Event, ImagingInstanceStored, Quarantined
from services.gateway.breaker import LEAST
from services.gateway.dicom_anonymous import anonymous, encoded
from services.gateway.dicom_store import ImageDoor, Status
from services.runtime.clock import ToldClock
from services.runtime.fake_log import FakeLog
from services.runtime.fakes import FakeObjectStore
from services.runtime.identity import FakeIdentity
from services.runtime.ports import Identifier, Person
from tests.ray_jobs.imaging.dicoms import as_bytes, rg1, small

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FILM = np.random.default_rng(0).integers(0, 255, (150, 150), dtype=np.uint8)


@dataclass
class Door:
    """A door on fakes, and what went through it."""

    log: FakeLog = field(default_factory=FakeLog)
    objects: FakeObjectStore = field(default_factory=FakeObjectStore)
    identity: FakeIdentity = field(default_factory=FakeIdentity)
    most_bytes: int = 20_000_000

    def __post_init__(self) -> None:
        clock = ToldClock(NOW)
        self.door = ImageDoor(
            self.identity, self.objects, self.log.publisher(), clock, "main", 4, most_bytes=self.most_bytes
        )

    def register(self, number: str = "7", authority: str = "mrn", born: date | None = None) -> str:
        """A known person."""
        who = Person("", "main", born=born)
        return self.identity.register("main", [Identifier(authority, number)], who)

    def events(self, topic: str) -> list[Event]:
        """What was published."""
        return [
            decode(record.value, record.headers).event
            for where, records in self.log.records.items()
            if where.topic == topic
            for record in records
        ]


def test_a_film_of_a_known_child_is_stored_and_told():
    """The event names the person's key, the object and its hash; the answer is success."""
    door = Door()
    key = door.register()
    assert door.door.accept(as_bytes(small(FILM)), "MODALITY") == (Status.STORED, "")
    (event,) = door.events("imaging")
    assert isinstance(event, ImagingInstanceStored)
    assert (event.patient, event.modality, event.age_years, event.known) == (key, "CR", 3.0, NOW)
    assert door.objects.names("imaging/main") == [event.object]


def test_sending_again_is_the_same_event():
    """The id and the object of a repeat are those of the first time."""
    door = Door()
    door.register()
    for _ in range(2):
        door.door.accept(as_bytes(small(FILM)), "MODALITY")
    first, second = door.events("imaging")
    assert first == second
    assert len(door.objects.names("imaging/main")) == 1


def test_a_person_registered_over_fhir_is_found():
    """PatientID with an issuer means the identifier of that assigning authority, and no stranger's."""
    door = Door()
    key = door.register("7", "urn:oid:1.2.36")
    item = Dataset()
    item.UniversalEntityID, item.UniversalEntityIDType = "1.2.36", "ISO"
    body = as_bytes(small(FILM, IssuerOfPatientIDQualifiersSequence=Sequence([item])))
    assert door.door.accept(body, "MODALITY").status == Status.STORED
    assert [event.key for event in door.events("imaging")] == [f"main/{key}"]
    assert door.door.accept(as_bytes(small(FILM)), "MODALITY").status == Status.UNKNOWN_PATIENT


def test_the_registered_birth_date_wins():
    """The age is that of the person, not what the modality typed."""
    door = Door()
    door.register(born=date(2023, 1, 2))
    door.door.accept(as_bytes(small(FILM)), "MODALITY")
    (event,) = door.events("imaging")
    assert isinstance(event, ImagingInstanceStored)
    assert event.age_years == pytest.approx(1.0, abs=0.01)


def broken(name: str) -> tuple[bytes, str]:
    """A body that cannot be used, and the SOP class that was announced."""
    plain = small(FILM)
    sop_class = str(plain.SOPClassUID)
    if name == "unknown patient":
        plain.PatientID = "9"
    if name == "no pixels":
        del plain.PixelData
    if name == "short pixels":
        plain.PixelData = plain.PixelData[:100]
    if name == "no study":
        del plain.StudyInstanceUID
    if name == "future":
        plain.StudyDate, plain.TimezoneOffsetFromUTC = "20270101", "+0000"
    body = as_bytes(plain)
    if name == "truncated":
        body = body[: len(body) // 2]
    if name == "garbage":
        body = b"not dicom at all"
    if name == "too large":
        body += b"\0" * 30_000_000
    return body, "1.2.840.10008.5.1.4.1.1.2" if name == "other class" else sop_class


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("unknown patient", Status.UNKNOWN_PATIENT),
        ("no pixels", Status.NO_PIXELS),
        ("short pixels", Status.UNREADABLE),
        ("truncated", Status.UNREADABLE),
        ("garbage", Status.UNREADABLE),
        ("no study", Status.UNREADABLE),
        ("too large", Status.TOO_LARGE),
        ("future", Status.WRONG_CLOCK),
        ("other class", Status.OTHER_CLASS),
    ],
)
def test_what_cannot_be_used_is_kept_with_its_reason(name: str, status: Status):
    """The sender gets a failure that says why; the bytes lie in quarantine; nothing else is published."""
    door = Door()
    door.register()
    body, sop_class = broken(name)
    answer = door.door.accept(body, "MODALITY", sop_class)
    assert answer.status == status
    (entry,) = door.events("quarantine")
    assert isinstance(entry, Quarantined)
    assert entry.reason == answer.comment
    assert entry.object is None or door.objects.get(entry.object) == body
    assert (entry.object is None) == (name == "too large")
    assert not door.events("imaging")


def test_a_log_that_is_down_asks_the_sender_to_come_again():
    """Without the log's word nothing is acknowledged."""
    door = Door()
    door.register()
    door.log.down = True
    assert door.door.accept(as_bytes(small(FILM)), "MODALITY").status == Status.TRY_AGAIN


def test_a_sender_of_nonsense_waits_and_others_do_not():
    """After many unusable objects one AE title is turned away; another one is served."""
    door = Door()
    door.register()
    for _ in range(LEAST):
        door.door.accept(b"nonsense", "BROKEN")
    assert door.door.accept(as_bytes(small(FILM)), "BROKEN").status == Status.TRY_AGAIN
    assert door.door.accept(as_bytes(small(FILM)), "MODALITY").status == Status.STORED


def _values(keyword: str) -> object:
    """A marked value of the attribute's own type."""
    kind = dictionary_VR(tag_for_keyword(keyword) or 0)
    marked: dict[str, object] = {"DA": "19770707", "TM": "070707", "DT": "19770707070707", "AS": "077Y", "DS": "77.77"}
    if kind == "SQ":
        item = Dataset()
        item.PatientName, item.CodeMeaning = "Secret^Item", "SECRET item"
        return Sequence([item])
    if kind == "UI":
        return "1.2.777.777"
    if kind in {"US", "SS", "UL", "IS"}:
        return 7
    return b"SECRET" if kind in {"OB", "UN", "OW"} else marked.get(kind, "SECRET")


@given(st.sets(st.sampled_from(sorted(IDENTIFYING)), max_size=40), st.booleans())
def test_no_identifying_attribute_survives(keywords: set[str], nested: bool):
    """Whatever identifying, private or nested attributes an object carries, none is in the stored bytes."""
    dataset = small(FILM)
    for keyword in keywords:
        setattr(dataset, keyword, _values(keyword))
    dataset.private_block(0x0009, "SECRET CREATOR", create=True).add_new(0x01, "LO", "SECRET")
    dataset.add_new(0x60004000, "LT", "SECRET overlay comment")
    if nested:
        table = Dataset()
        table.LUTDescriptor, table.LUTData, table.LUTExplanation = [2, 0, 16], b"\0\0\1\0", "SECRET"
        dataset.VOILUTSequence = Sequence([table])
    content = encoded(anonymous(dataset))
    assert not re.search(rb"SECRET|Secret|19770707|070707|077Y|77\.77|777\.777|Small\^Sam", content)
    stored = dcmread(io.BytesIO(content))
    found = {element.keyword for element in stored.iterall()}
    assert found <= KEPT | {"PatientIdentityRemoved", "DeidentificationMethod"}
    assert stored.PixelData == dataset.PixelData


def test_the_real_film_keeps_its_pixels_and_loses_its_person():
    """RG1 after the door: same film, no name, no number, no hospital."""
    original = rg1()
    content = encoded(anonymous(original))
    for word in (b"RG1", b"Hamburg", b"26210", b"19400305", b"THORAVISION", b"ward"):
        assert word not in content
    assert dcmread(io.BytesIO(content)).PixelData == original.PixelData
