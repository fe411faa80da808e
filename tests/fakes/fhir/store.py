"""What the fake server holds and answers: versions, conditional updates, search (FHIR R4, 3.1 RESTful API)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from schemas.fhir.library import validate

Json = dict[str, Any]
PAGE = 5


@dataclass(frozen=True)
class Answer:
    """Status, body, headers."""

    status: int
    body: Json | None = None
    headers: tuple[tuple[str, str], ...] = ()


def outcome(status: int, code: str) -> Answer:
    """An error with an OperationOutcome whose words name a person, as real servers' do."""
    issue = {"severity": "error", "code": code, "diagnostics": "Patient Jane Doe cannot be changed like this"}
    return Answer(status, {"resourceType": "OperationOutcome", "issue": [issue]})


@dataclass
class Store:
    """Resources by type and id, with every version that was written."""

    base: str = ""
    versions: dict[tuple[str, str], list[Json | None]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    """Ids that this server refuses with 422."""

    def now(self, kind: str, id_: str) -> Json | None:
        """The current version; None when there is none, or it was deleted."""
        return (self.versions.get((kind, id_)) or [None])[-1]

    def all(self, kind: str) -> list[Json]:
        """The current versions of a type."""
        return [r for (k, id_) in sorted(self.versions) if k == kind and (r := self.now(k, id_)) is not None]

    def write(self, resource: Json) -> Json:
        """Keep a new version, as if somebody else had put it."""
        held = self.versions.setdefault((resource["resourceType"], resource["id"]), [])
        stored = resource | {"meta": resource.get("meta", {}) | {"versionId": str(len(held) + 1)}}
        held.append(stored)
        return stored

    def delete(self, kind: str, id_: str) -> None:
        """It is gone (410)."""
        self.versions[kind, id_].append(None)

    def get(self, kind: str, id_: str) -> Answer:
        """Read (3.1.0.2)."""
        if (kind, id_) not in self.versions:
            return outcome(404, "not-found")
        found = self.now(kind, id_)
        return outcome(410, "deleted") if found is None else Answer(200, found, _etag(found))

    def put(self, kind: str, id_: str, sent: bytes, headers: Mapping[str, str]) -> Answer:
        """Update, or create with the client's id (3.1.0.4), under the conditions of 3.1.0.5."""
        content = json.loads(sent)
        if content.get("id") != id_ or content.get("resourceType") != kind:
            return outcome(400, "invalid")
        found = self.now(kind, id_)
        wanted = headers.get("If-Match")
        if headers.get("If-None-Match") == "*" and found is not None:
            return outcome(412, "conflict")
        if wanted is not None and (found is None or wanted != f'W/"{found["meta"]["versionId"]}"'):
            return outcome(412, "conflict")
        if id_ in self.refused or validate(content) is not None:
            return outcome(422, "business-rule")
        stored = self.write(content)
        return Answer(200 if found else 201, None, _etag(stored))

    def search(self, kind: str, parameters: Mapping[str, str]) -> Answer:
        """Search by `patient`, and `date` as an Observation has it written; a few on each page (3.1.1.5)."""
        patient, date = f"Patient/{parameters.get('patient')}", parameters.get("date")
        found = [r for r in self.all(kind) if r.get("subject", {}).get("reference") == patient]
        found = [r for r in found if date is None or r.get("effectiveDateTime") == date]
        start = int(parameters.get("_offset", "0"))
        bundle: Json = {
            "resourceType": "Bundle", "type": "searchset", "total": len(found),
            "entry": [{"resource": r, "search": {"mode": "match"}} for r in found[start : start + PAGE]],
        }  # fmt: skip
        if start + PAGE < len(found):
            again = {k: v for k, v in parameters.items() if k != "_offset"} | {"_offset": str(start + PAGE)}
            url = f"{self.base}/{kind}?{urlencode(again)}"
            bundle["link"] = [{"relation": "next", "url": url}]
        return Answer(200, bundle)


def _etag(resource: Json) -> tuple[tuple[str, str], ...]:
    return (("ETag", f'W/"{resource["meta"]["versionId"]}"'),)
