"""What becomes of an image object: parsed, its person found, names taken out, stored, logged, then acknowledged.

Statuses are those of the Storage Service Class (PS3.4 B.2.3). What cannot be used is kept in quarantine with the
reason and answered with a failure that a retry would not cure (Cxxx, A900); a dependency that is not there is
answered with A700 (out of resources), so that the sender keeps the object and sends it again.
"""

import hashlib
import io
import time
from collections.abc import Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from enum import IntEnum
from typing import Final, NamedTuple

from pydicom import Dataset, dcmread

from schemas.dicom.image import HeaderError, ImageHeader, age_at, read_image_header
from schemas.events import Event, ImagingInstanceStored, Quarantined
from schemas.fhir.facts import FUTURE_TOLERANCE
from schemas.fhir.patient import MRN_AUTHORITY
from schemas.ids import digest
from services.gateway.breaker import Breaker
from services.gateway.dicom_anonymous import anonymous, encoded
from services.runtime import logs, metrics
from services.runtime.errors import DependencyError
from services.runtime.outgoing import outgoing
from services.runtime.ports import Clock, Identifier, Identity, ObjectStore, Publisher

MOST_BYTES: Final = 128 * 1024 * 1024
MEDIA_TYPE: Final = "application/dicom"
_log = logs.get(__name__)


class Status(IntEnum):
    """How a C-STORE is answered."""

    STORED = 0x0000
    TRY_AGAIN = 0xA700
    OTHER_CLASS = 0xA900
    UNREADABLE = 0xC001
    NO_PIXELS = 0xC002
    UNKNOWN_PATIENT = 0xC003
    TOO_LARGE = 0xC004
    WRONG_CLOCK = 0xC005


class Answer(NamedTuple):
    """Status and a comment for the sender's log (at most 64 characters travel, PS3.7 annex C)."""

    status: Status
    comment: str = ""


class _Refused(Exception):  # noqa: N818 - the answer, not a fault
    def __init__(self, status: Status, reason: str, path: str = "") -> None:
        super().__init__(reason)
        self.status, self.reason, self.path = status, reason, path


def _turned_away(caller: str) -> None:
    metrics.QUARANTINED.labels("gateway", "source turned away").inc()
    _log.error("source turned away for a minute", ae=caller)


@dataclass(frozen=True, slots=True)
class ImageDoor:
    """Takes image objects in. `authorities` maps a DICOM issuer to the identity port's assigning authority."""

    identity: Identity
    objects: ObjectStore
    publisher: Publisher
    clock: Clock
    site: str
    partitions: int
    zone: tzinfo = UTC
    authorities: Mapping[str, str] = field(default_factory=dict)
    most_bytes: int = MOST_BYTES
    deadline_s: float = 10.0
    breaker: Breaker = field(default_factory=lambda: Breaker(_turned_away))

    def accept(self, body: bytes, caller: str, sop_class: str | None = None) -> Answer:
        """Take in a DICOM file's bytes from `caller` (an AE title); `sop_class` is what the request announced."""
        wait_s = self.breaker.wait_s(caller, time.monotonic())
        if wait_s > 0:
            answer = Answer(Status.TRY_AGAIN, f"too many unusable objects from here: wait {wait_s:.0f} s")
        else:
            answer = self._answer(body, caller, sop_class)
            bad = int(answer.status not in {Status.STORED, Status.TRY_AGAIN})
            self.breaker.record(caller, total=1, bad=bad, now=time.monotonic())
        metrics.counted(metrics.REQUESTS, "gateway", "C-STORE", f"{answer.status:04X}").inc()
        return answer

    def _answer(self, body: bytes, caller: str, sop_class: str | None) -> Answer:
        """Store, or keep in quarantine."""
        try:
            try:
                self._publish(self._stored(body, sop_class))
                return Answer(Status.STORED)
            except _Refused as refused:
                self._quarantine(body, caller, refused)
                return Answer(refused.status, refused.reason)
        except DependencyError as error:
            _log.warning("image not taken", reason=type(error).__name__, error=str(error))
            return Answer(Status.TRY_AGAIN, "a dependency does not answer: send again later")

    def _stored(self, body: bytes, sop_class: str | None) -> ImagingInstanceStored:
        """The object's bytes are in the store when this returns. Raises _Refused or DependencyError."""
        if len(body) > self.most_bytes:
            raise _Refused(Status.TOO_LARGE, f"more than {self.most_bytes} bytes")
        header, content, transfer_syntax = _parsed(body, self.zone)
        if sop_class is not None and sop_class != header.sop_class:
            raise _Refused(Status.OTHER_CLASS, "the object is of another SOP class than announced", "SOPClassUID")
        known = self.clock.now()
        if header.zone_known and header.taken is not None and header.taken > known + FUTURE_TOLERANCE:
            raise _Refused(Status.WRONG_CLOCK, "taken in the future: the sender's clock is wrong", "StudyDate")
        patient = self._patient(header)
        sha256 = hashlib.sha256(content).hexdigest()
        name = f"imaging/{self.site}/{header.study}/{header.instance}-{sha256[:12]}.dcm"
        self.objects.put(name, content)
        return ImagingInstanceStored(
            id=digest("image", self.site, header.instance, sha256),
            site=self.site,
            patient=patient,
            known=known,
            study=header.study,
            series=header.series,
            instance=header.instance,
            sop_class=header.sop_class,
            transfer_syntax=transfer_syntax,
            modality=header.modality,
            body_part=header.body_part,
            view=header.view,
            kinds=header.kinds,
            rows=header.rows,
            columns=header.columns,
            frames=header.frames,
            taken=header.taken,
            age_years=self._age(patient, header),
            object=name,
            sha256=sha256,
        )

    def _patient(self, header: ImageHeader) -> str:
        """The key of the person; an issuer that is not named is the site's own record number."""
        authority = self.authorities.get(header.issuer, header.issuer or MRN_AUTHORITY)
        key = self.identity.resolve(self.site, Identifier(authority, header.patient_id))
        if key is None:
            raise _Refused(Status.UNKNOWN_PATIENT, "this patient was never registered here", "PatientID")
        return key

    def _age(self, patient: str, header: ImageHeader) -> float | None:
        """Age when the picture was taken: the registered birth date is trusted more than the modality's."""
        person = self.identity.person(patient)
        if person is not None and person.born is not None and header.taken is not None:
            return age_at(person.born, header.taken)
        return header.age_years

    def _quarantine(self, body: bytes, caller: str, refused: _Refused) -> None:
        """Keep the bytes for a person: content in the object store, because it is too large for the log."""
        metrics.QUARANTINED.labels("gateway", refused.status.name.lower()).inc()
        sha256 = hashlib.sha256(body).hexdigest()
        name = None
        if len(body) <= self.most_bytes:
            name = f"quarantine/{self.site}/{sha256}.dcm"
            self.objects.put(name, body)
        self._publish(
            Quarantined(
                id=digest("quarantine", self.site, sha256, refused.status),
                site=self.site,
                known=self.clock.now(),
                origin="gateway",
                source=f"dicom/{caller}"[:256],
                reason=refused.reason,
                path=refused.path,
                media_type=MEDIA_TYPE,
                truncated=name is None,
                object=name,
            )
        )

    def _publish(self, event: Event) -> None:
        """Done when every in-sync replica has it; raises LogUnavailable, or DependencyError when it takes too long."""
        try:
            self.publisher.publish([outgoing(event, source="wardwatch/gateway", partitions=self.partitions)]).result(
                self.deadline_s
            )
        except (TimeoutError, CancelledError) as error:
            raise DependencyError("the log did not acknowledge in time") from error


def _parsed(body: bytes, zone: tzinfo) -> tuple[ImageHeader, bytes, str]:
    """Bytes → header, the object without names, transfer syntax; pixels present and long enough. Raises _Refused."""
    try:
        dataset = dcmread(io.BytesIO(body))
        header = read_image_header(dataset, zone)
        has_pixels, missing = _pixels(dataset, header)
        content = encoded(anonymous(dataset))
    except HeaderError as error:
        raise _Refused(Status.UNREADABLE, error.reason, error.path) from error
    except (
        Exception
    ) as error:  # bytes from outside: pydicom raises anything from struct.error to RecursionError on them
        raise _Refused(Status.UNREADABLE, f"not a readable DICOM object ({type(error).__name__})") from error
    if not has_pixels:
        raise _Refused(Status.NO_PIXELS, "the object has no pixel data", "PixelData")
    if missing > 0:
        raise _Refused(Status.UNREADABLE, f"the pixel data is {missing} bytes short", "PixelData")
    return header, content, str(dataset.file_meta.TransferSyntaxUID)


def _pixels(dataset: Dataset, header: ImageHeader) -> tuple[bool, int]:
    """Whether there are pixels, and how many bytes an uncompressed object lacks."""
    if "PixelData" not in dataset:
        return "FloatPixelData" in dataset or "DoubleFloatPixelData" in dataset, 0
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        return bool(dataset.PixelData), 0
    bits = header.rows * header.columns * header.frames * int(dataset.SamplesPerPixel) * int(dataset.BitsAllocated)
    if "YBR_FULL_422" in str(dataset.get("PhotometricInterpretation")):
        bits = bits * 2 // 3
    return bool(dataset.PixelData), (bits + 7) // 8 - len(dataset.PixelData)
