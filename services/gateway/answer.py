"""What the sender is told: OperationOutcome, transaction-response (FHIR R4, 3.1.0.11), and headers to count by."""

from collections.abc import Mapping
from typing import Final

import orjson

from services.gateway.accept import Accepted, Entry

MEDIA_TYPE: Final = "application/fhir+json"
OK, CREATED, UNPROCESSABLE = 200, 201, 422
CODES: Final = {
    400: "structure",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    413: "too-long",
    415: "not-supported",
    422: "processing",
    503: "transient",
}
"""HTTP status to issue type (FHIR value set issue-type)."""
_RESPONSES: Final = {"transaction": "transaction-response", "batch": "batch-response", "collection": "batch-response"}


def outcome(severity: str, code: str, text: str, path: str = "") -> dict[str, object]:
    """An OperationOutcome with one issue."""
    issue: dict[str, object] = {"severity": severity, "code": code, "diagnostics": text}
    if path:
        issue["expression"] = [path]
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def failure(status: int, text: str, path: str = "") -> bytes:
    """The body of an error."""
    return orjson.dumps(outcome("error", CODES.get(status, "exception"), text, path))


def body(accepted: Accepted) -> tuple[int, bytes]:
    """Status and body for what was accepted."""
    if accepted.bundle is not None:
        entries = [{"response": _response(entry)} for entry in accepted.entries]
        return OK, orjson.dumps({"resourceType": "Bundle", "type": _RESPONSES[accepted.bundle], "entry": entries})
    entry = accepted.entries[0]
    if entry.fate == "applied":
        text = f"{entry.kind}: applied"
        return CREATED if entry.created else OK, orjson.dumps(outcome("information", "informational", text))
    return (OK if entry.fate == "ignored" else UNPROCESSABLE), orjson.dumps(_told(entry))


def headers(accepted: Accepted) -> Mapping[str, str]:
    """The counts, so that a sender need not read the body."""
    return {
        "X-Wardwatch-Outcome": (
            f"applied={accepted.count('applied')};ignored={accepted.count('ignored')};"
            f"quarantined={accepted.count('quarantined')};readings={accepted.readings}"
        )
    }


def _response(entry: Entry) -> dict[str, object]:
    if entry.fate == "quarantined":
        return {"status": "422 Unprocessable Entity", "outcome": _told(entry)}
    if entry.fate == "ignored":
        return {"status": "200 OK", "outcome": _told(entry)}
    said: dict[str, object] = {"status": "201 Created" if entry.created else "200 OK"}
    if entry.id is not None:
        said["location"] = f"{entry.kind}/{entry.id}"
    return said


def _told(entry: Entry) -> dict[str, object]:
    if entry.fate == "ignored":
        return outcome("information", "informational", f"ignored: {entry.reason}")
    return outcome("error", "processing", f"quarantined: {entry.reason}", entry.path)
