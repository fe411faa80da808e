"""How a PACS took objects: C-STORE (PS3.4 annex B) or STOW-RS (PS3.18 10.5), in the delivery machine's words.

An object that the PACS has already is delivered: our UIDs never name two objects.
"""

import io
import ssl
from collections.abc import Sequence
from typing import Final, Protocol
from urllib.parse import urlsplit
from uuid import NAMESPACE_OID, uuid5

import httpx
from pydicom import Dataset, dcmwrite
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE

from services.outlets.delivery import Outcome
from services.outlets.destination import Attempt

TIMEOUT_S: Final = 10.0
OUT_OF_RESOURCES: Final = range(0xA700, 0xA800)
PROCESSING_FAILURE: Final = 0x0110
DUPLICATE: Final = 0x0111
NOT_AUTHORISED: Final = 0x0124
LATER: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
OPERATOR: Final = frozenset({401, 403, 404, 405, 407, 415})
CONFLICT: Final = 409


class Pacs(Protocol):
    """Takes objects of one study."""

    def store(self, objects: Sequence[Dataset]) -> Attempt:
        """Try once to have them all stored."""
        ...


class DicomPacs:
    """By C-STORE: an association for each report, since reports are few and PACS close idle ones."""

    def __init__(
        self,
        host: str,
        port: int,
        title: str,
        *,
        our_title: str,
        timeout_s: float = TIMEOUT_S,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._host, self._port, self._title = host, port, title
        self._tls = (tls, host) if tls else None
        entity = AE(our_title)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = entity.connection_timeout = timeout_s
        self._entity = entity

    def store(self, objects: Sequence[Dataset]) -> Attempt:
        """One after the other; the first that is not taken decides."""
        self._entity.requested_contexts = []
        for sop_class in sorted({str(one.SOPClassUID) for one in objects}):
            self._entity.add_requested_context(sop_class, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
        peer = self._entity.associate(self._host, self._port, ae_title=self._title, tls_args=self._tls)
        if not peer.is_established:
            if peer.is_rejected:
                return Attempt(Outcome.MISCONFIGURED, "the PACS rejects the association: are we known to it?")
            return Attempt(Outcome.UNAVAILABLE, "no association with the PACS")
        try:
            accepted = {str(context.abstract_syntax) for context in peer.accepted_contexts}
            for one in objects:
                if str(one.SOPClassUID) not in accepted:
                    return Attempt(Outcome.REFUSED, f"the PACS takes no {one.SOPClassUID.name}")
                answer = _status(peer.send_c_store(one).get("Status"))
                if answer.outcome is not Outcome.DELIVERED:
                    return answer
            return Attempt(Outcome.DELIVERED)
        except (RuntimeError, ValueError) as error:  # pynetdicom: the association was lost, or the object not encoded
            lost = not peer.is_established
            return Attempt(Outcome.UNAVAILABLE if lost else Outcome.REFUSED, type(error).__name__)
        finally:
            if peer.is_established:
                peer.release()


def _status(status: int | None) -> Attempt:
    """C-STORE's answer (PS3.4 B.2.3, PS3.7 C): warnings (Bxxx, 0001, 0107, 0116) mean that it is stored."""
    if status is None:
        return Attempt(Outcome.UNAVAILABLE, "the PACS did not answer")
    if status in {0x0000, 0x0001, 0x0107, 0x0116, DUPLICATE} or status >> 12 == 0xB:  # noqa: PLR2004 - the table's own numbers
        return Attempt(Outcome.DELIVERED)
    if status in OUT_OF_RESOURCES or status == PROCESSING_FAILURE:
        return Attempt(Outcome.UNAVAILABLE, f"the PACS has no room or failed: {status:04X}")
    if status == NOT_AUTHORISED:
        return Attempt(Outcome.MISCONFIGURED, "the PACS does not let us store")
    return Attempt(Outcome.REFUSED, f"the PACS refused with {status:04X}")


class WebPacs:
    """By STOW-RS: one multipart/related request for each report. `token`: a bearer token, or NAME:PASSWORD."""

    def __init__(self, url: str, token: str = "", *, timeout_s: float = TIMEOUT_S) -> None:
        self._url = f"{url.rstrip('/')}/studies"
        basic = httpx.BasicAuth(*token.split(":", 1)) if ":" in token else None
        bearer = {"Authorization": f"Bearer {token}"} if token and basic is None else {}
        self._http = httpx.Client(timeout=timeout_s, auth=basic, headers=bearer, follow_redirects=False)

    def store(self, objects: Sequence[Dataset]) -> Attempt:
        """All in one request."""
        boundary = f"wardwatch-{uuid5(NAMESPACE_OID, str(objects[0].SOPInstanceUID)).hex}"
        body = b"".join(
            b"--" + boundary.encode() + b"\r\nContent-Type: application/dicom\r\n\r\n" + encoded(one) + b"\r\n"
            for one in objects
        )
        kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
        try:
            answer = self._http.post(
                self._url, content=body + f"--{boundary}--\r\n".encode(),
                headers={"Content-Type": kind, "Accept": "application/dicom+json"},
            )  # fmt: skip
        except httpx.HTTPError as error:
            return Attempt(Outcome.UNAVAILABLE, type(error).__name__)
        return _answered(answer)


def _answered(answer: httpx.Response) -> Attempt:
    """PS3.18 10.5.3: 200 all stored, 202 some not, 409 none; which failed stands in Failed SOP Sequence."""
    code = answer.status_code
    if code in LATER:
        asked = answer.headers.get("Retry-After", "")
        return Attempt(Outcome.UNAVAILABLE, f"HTTP {code}", float(asked) if asked.isdigit() else 0.0)
    if code in OPERATOR or httpx.codes.is_redirect(code):
        return Attempt(Outcome.MISCONFIGURED, f"HTTP {code}")
    if code in {httpx.codes.OK, httpx.codes.CREATED}:
        return Attempt(Outcome.DELIVERED)
    if code in {httpx.codes.ACCEPTED, CONFLICT}:
        return _failed(answer)
    return Attempt(Outcome.REFUSED, f"HTTP {code}")


def _failed(answer: httpx.Response) -> Attempt:
    """Failure Reason (0008,1197) of each item of Failed SOP Sequence (0008,1198); the same words as C-STORE's."""
    try:
        failed = answer.json().get("00081198", {}).get("Value", [])
        reasons = [int(item["00081197"]["Value"][0]) for item in failed]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return Attempt(Outcome.REFUSED, f"HTTP {answer.status_code} and no reason that can be read")
    found = [_status(reason) for reason in reasons]
    worst = next((one for one in found if one.outcome is not Outcome.DELIVERED), None)
    return worst or Attempt(Outcome.DELIVERED)


def encoded(one: Dataset) -> bytes:
    """A DICOM file's bytes (PS3.10)."""
    body = io.BytesIO()
    dcmwrite(body, one, enforce_file_format=True)
    return body.getvalue()


def pacs_at(url: str, token: str, our_title: str, tls: ssl.SSLContext | None = None) -> Pacs:
    """dicom://TITLE@HOST:PORT, dicoms:// by `tls`, or the base URL of DICOMweb."""
    parts = urlsplit(url)
    if parts.scheme not in {"dicom", "dicoms"}:
        return WebPacs(url, token)
    # `username` keeps its case, as titles have; `hostname` would lower it only for the host, where it means nothing.
    host, port, title = parts.hostname or "", parts.port or 0, parts.username or ""
    return DicomPacs(host, port, title, our_title=our_title, tls=tls if parts.scheme == "dicoms" else None)
