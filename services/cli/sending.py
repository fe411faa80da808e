"""A sender that loses nothing: FHIR, HL7 v2 by MLLP, DICOM C-STORE; retried as asked, counted entry by entry."""

import io
import ssl
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import orjson

from services.cli.documents import Document
from services.runtime.mllp_client import MllpClient

LINES: Final = 100
"""Lines of an NDJSON file that travel in one bundle."""
ATTEMPTS: Final = 40
LONGEST_WAIT_S: Final = 65.0
BUSY: Final = frozenset({429, 503})


class Unreachable(Exception):  # noqa: N818 - named by the state
    """The gateway did not answer, however often it was asked."""


@dataclass(slots=True)
class Tally:
    """What became of what was sent; `sent` is counted here, the rest is what the gateway said."""

    documents: int = 0
    sent: int = 0
    applied: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    quarantined: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    readings: int = 0

    def accounted(self) -> bool:
        """Whether everything sent is applied, ignored, quarantined or refused, no more and no less."""
        parts = (self.applied, self.ignored, self.quarantined, self.refused)
        return self.sent == sum(part.total() for part in parts)

    def as_json(self) -> dict[str, Any]:
        """For --json: totals, and the reasons."""
        return {
            "documents": self.documents,
            "sent": self.sent,
            "applied": self.applied.total(),
            "ignored": self.ignored.total(),
            "quarantined": self.quarantined.total(),
            "refused": self.refused.total(),
            "readings": self.readings,
            "accounted": self.accounted(),
            "applied_by_type": dict(sorted(self.applied.items())),
            "ignored_by_type": dict(sorted(self.ignored.items())),
            "quarantined_by_reason": dict(sorted(self.quarantined.items())),
            "refused_by_reason": dict(sorted(self.refused.items())),
        }


@dataclass(slots=True)
class Sender:
    """Sends documents to one gateway; use from one thread."""

    http: httpx.Client
    dicom: tuple[str, int]
    ae_title: str
    mllp: MllpClient
    tls: ssl.SSLContext | None = None
    tally: Tally = field(default_factory=Tally)

    def send(self, document: Document) -> None:
        """Send and count one document; raises Unreachable."""
        self.tally.documents += 1
        if document.format == "dicom":
            self._store(document)
        elif document.format == "hl7v2":
            self._tell(document.content)
        elif document.format == "ndjson":
            for bundle in _bundles(document.content):
                self._post(bundle)
        elif document.format == "json":
            self._post(document.content)
        else:
            self.tally.sent += 1
            self.tally.refused[f"{document.format}: not a format that can be sent here"] += 1

    def _tell(self, content: bytes) -> None:
        """A v2 message counts as one: applied, ignored, or quarantined in whole or in part."""
        self.tally.sent += 1
        for _ in range(ATTEMPTS):
            try:
                code, text, wrong = self.mllp.ask(content)
            except OSError:
                time.sleep(1.0)
                continue
            if code == "AA":
                if text.startswith("ignored"):
                    self.tally.ignored["message"] += 1
                elif wrong:
                    self.tally.quarantined[f"hl7v2, in part: {wrong}"] += 1
                else:
                    self.tally.applied["message"] += 1
                return
            if code == "AE":
                self.tally.quarantined[f"hl7v2: {wrong or text}"] += 1
                return
            if not text.startswith("not written"):
                self.tally.refused[f"hl7v2: {text}"] += 1
                return
            time.sleep(1.0)
        raise Unreachable(f"mllp://{self.mllp.address[0]}:{self.mllp.address[1]}")

    def _post(self, content: bytes) -> None:
        kinds = _kinds(content)
        bundled = kinds if kinds is not None else ["document"]
        path = "/fhir"
        if kinds is not None and not _is_bundle(content):
            path = f"/fhir/{kinds[0]}"
        self.tally.sent += len(bundled)
        answer = self._ask(path, content)
        if answer.status_code == httpx.codes.OK and path == "/fhir":
            for kind, entry in zip(bundled, answer.json().get("entry", []), strict=True):
                self._count(kind, entry["response"])
        elif answer.is_success or (answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY and path != "/fhir"):
            self._count(bundled[0], {"status": str(answer.status_code), "outcome": answer.json()})
        elif answer.status_code in {400, 422}:
            self.tally.quarantined[_said(answer)] += len(bundled)
        else:
            self.tally.refused[f"{answer.status_code}: {_said(answer)}"] += len(bundled)
        counts = dict(p.partition("=")[::2] for p in answer.headers.get("X-Wardwatch-Outcome", "").split(";"))
        self.tally.readings += int(counts.get("readings", 0))

    def _ask(self, path: str, content: bytes) -> httpx.Response:
        wait = 0.2
        for _ in range(ATTEMPTS):
            try:
                answer = self.http.post(path, content=content, headers={"Content-Type": "application/fhir+json"})
            except httpx.TransportError:
                time.sleep(min(wait, 2.0))
                wait *= 1.5
                continue
            if answer.status_code not in BUSY:
                return answer
            asked = answer.headers.get("Retry-After", "1")
            time.sleep(min(float(asked) if asked.isdigit() else 1.0, LONGEST_WAIT_S))
        raise Unreachable(str(self.http.base_url))

    def _count(self, kind: str, response: Mapping[str, Any]) -> None:
        text = _diagnostics(response.get("outcome"))
        if not str(response["status"]).startswith("2"):
            self.tally.quarantined[text.removeprefix("quarantined: ")] += 1
        elif text.startswith("ignored: "):
            self.tally.ignored[kind] += 1
        else:
            self.tally.applied[kind] += 1

    def _store(self, document: Document) -> None:
        from pydicom import dcmread
        from pydicom.errors import InvalidDicomError
        from pynetdicom import AE

        self.tally.sent += 1
        try:
            dataset = dcmread(io.BytesIO(document.content))
            syntax = dataset.file_meta.TransferSyntaxUID
        except (InvalidDicomError, AttributeError, EOFError, ValueError) as error:
            self.tally.refused[f"dicom: {type(error).__name__}"] += 1
            return
        for attempt in range(ATTEMPTS):
            entity = AE(ae_title="WARDPUBLISH")
            entity.add_requested_context(dataset.SOPClassUID, syntax)
            tls = (self.tls, self.dicom[0]) if self.tls else None
            association = entity.associate(*self.dicom, ae_title=self.ae_title, tls_args=tls)
            if not association.is_established:
                time.sleep(min(0.2 * 1.5**attempt, 2.0))
                continue
            try:
                answer = association.send_c_store(dataset)
            finally:
                association.release()
            if answer.get("Status") == 0:
                self.tally.applied["image"] += 1
                return
            if answer.get("Status") not in {None, 0xA700}:
                comment = answer.get("ErrorComment", "") or f"status {int(answer.Status):04X}"
                self.tally.quarantined[f"dicom: {comment}"] += 1
                return
            time.sleep(1.0)
        raise Unreachable(f"{self.ae_title}@{self.dicom[0]}:{self.dicom[1]}")


def _bundles(content: bytes) -> Iterator[bytes]:
    lines = [line for line in content.splitlines() if line.strip()]
    for n in range(0, len(lines), LINES):
        entries = b",".join(b'{"resource":' + line + b"}" for line in lines[n : n + LINES])
        yield b'{"resourceType":"Bundle","type":"collection","entry":[' + entries + b"]}"


def _kinds(content: bytes) -> list[str] | None:
    """Resource types in the order sent; None when the content cannot be taken apart."""
    try:
        root = orjson.loads(content)
        if root.get("resourceType") == "Bundle":
            return [str(e.get("resource", {}).get("resourceType", "unknown")) for e in root.get("entry", [])]
        kind = root["resourceType"]
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
        return None
    return [kind] if isinstance(kind, str) and kind.isalpha() else None


def _is_bundle(content: bytes) -> bool:
    return bool(orjson.loads(content).get("resourceType") == "Bundle")


def _said(answer: httpx.Response) -> str:
    try:
        return _diagnostics(answer.json())
    except ValueError:
        return answer.reason_phrase


def _diagnostics(outcome: object) -> str:
    issues = outcome.get("issue", []) if isinstance(outcome, dict) else []
    return str(issues[0].get("diagnostics", "")) if issues else ""
