"""A FHIR R4 server over HTTP (3.1 RESTful API): read, update as create (3.1.0.4), search, with the port's errors.

Updates name the version that was read (`If-Match`, 3.1.0.5), creations that there is none (`If-None-Match: *`).
"""

import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urljoin

import httpx
import orjson

from services.outlets.fhir.server import (
    Put,
    Resource,
    Revise,
    ServerMisconfigured,
    ServerRefused,
    ServerUnavailable,
)
from services.outlets.webhook import retry_after_s

MEDIA_TYPE: Final = "application/fhir+json"
GONE: Final = frozenset({404, 410})
CONFLICT: Final = frozenset({409, 412})
MISCONFIGURED: Final = frozenset({401, 403, 405, 407})
LATER: Final = frozenset({408, 421, 423, 425, 429})
MOST_BYTES: Final = 8_000_000
PAGES, TRIES = 20, 3


class HttpFhirServer:
    """The port's real adapter. `timeout_s` bounds a whole answer, however slowly it drips."""

    def __init__(self, url: str, token: str, *, timeout_s: float = 10.0) -> None:
        self._base = url.rstrip("/") + "/"
        self._timeout_s = timeout_s
        headers = {"Accept": MEDIA_TYPE, "Prefer": "return=minimal"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._http = httpx.Client(headers=headers, timeout=timeout_s, follow_redirects=False)

    def read(self, kind: str, id_: str) -> Resource | None:
        """See the port."""
        return self._read(kind, id_)[0]

    def put(self, kind: str, id_: str, revise: Revise) -> Put:
        """See the port."""
        for _ in range(TRIES):
            found, version = self._read(kind, id_)
            wanted = revise(found)
            if wanted is None or wanted == found:
                return Put.UNCHANGED
            headers = {"Content-Type": MEDIA_TYPE}
            if found is None:
                headers["If-None-Match"] = "*"
            elif version:
                headers["If-Match"] = version
            status, body, answered = self._call("PUT", self._url(kind, id_), headers, orjson.dumps(wanted))
            if status not in CONFLICT:
                _check(status, body, answered)
                return Put.CREATED if found is None else Put.UPDATED
        raise ServerUnavailable(f"somebody else keeps changing the same {kind}")

    def search(self, kind: str, parameters: Mapping[str, str]) -> list[Resource]:
        """See the port."""
        url: str | None = f"{self._base}{kind}?{httpx.QueryParams(dict(parameters))}"
        found: list[Resource] = []
        for _ in range(PAGES):
            status, body, headers = self._call("GET", str(url), {})
            _check(status, body, headers)
            page = _resource(body, "Bundle")
            entries = page.get("entry", [])
            found += [e["resource"] for e in entries if e.get("resource", {}).get("resourceType") == kind]
            url = next((str(link["url"]) for link in page.get("link", []) if link.get("relation") == "next"), None)
            if url is None:
                return found
            url = urljoin(self._base, url)
            # Our token goes to nobody else. HAPI's pages lie at the base itself: /fhir?_getpages=…
            if not url.startswith((self._base, self._base.rstrip("/") + "?")):
                raise ServerMisconfigured("the server's next page lies elsewhere: set its own base URL")
        return found

    def _read(self, kind: str, id_: str) -> tuple[Resource | None, str]:
        status, body, headers = self._call("GET", self._url(kind, id_), {})
        if status in GONE:
            if status != httpx.codes.GONE and not _outcome(body):
                raise ServerMisconfigured("the address is not that of a FHIR server: 404 without an OperationOutcome")
            return None, ""
        _check(status, body, headers)
        found = _resource(body, kind)
        version = found.get("meta", {}).get("versionId")
        return found, headers.get("ETag") or (f'W/"{version}"' if version else "")

    def _url(self, kind: str, id_: str) -> str:
        return f"{self._base}{kind}/{quote(id_, safe='')}"

    def _call(
        self, method: str, url: str, headers: dict[str, str], content: bytes | None = None
    ) -> tuple[int, bytes, httpx.Headers]:
        """Status, body and headers; Unavailable when they are not all here in time."""
        deadline = time.monotonic() + self._timeout_s
        body = bytearray()
        try:
            with self._http.stream(method, url, headers=headers, content=content) as answer:
                for chunk in answer.iter_bytes():
                    body += chunk
                    if time.monotonic() > deadline or len(body) > MOST_BYTES:
                        raise ServerUnavailable("the FHIR server's answer is too slow or too long")
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise ServerUnavailable(f"the FHIR server did not answer: {type(error).__name__}") from error
        except httpx.InvalidURL as error:
            raise ServerMisconfigured("the FHIR server's address is not a URL") from error
        return answer.status_code, bytes(body), answer.headers


def _check(status: int, body: bytes, headers: httpx.Headers) -> None:
    """Nothing for a success, else the port's error. A server's own words may name a person: only codes are kept."""
    if status in {200, 201, 204}:
        return
    codes = _outcome(body)
    words = f"the FHIR server answered {status}" + (f": {', '.join(codes)}" if codes else "")
    if status in MISCONFIGURED or 300 <= status < 400 or (status in GONE and not codes):  # noqa: PLR2004 - redirections
        raise ServerMisconfigured(words)
    if 400 <= status < 500 and status not in LATER | CONFLICT:  # noqa: PLR2004 - the client's errors
        raise ServerRefused(words)
    raise ServerUnavailable(words, retry_after_s(headers.get("Retry-After", ""), time.time()))


def _outcome(body: bytes) -> list[str]:
    """The issue codes of an OperationOutcome; none for anything else."""
    found = _json(body)
    if not isinstance(found, dict) or found.get("resourceType") != "OperationOutcome":
        return []
    issues = found.get("issue")
    listed = issues if isinstance(issues, list) else []
    codes = [str(i.get("code", "unknown"))[:32] for i in listed if isinstance(i, dict)]
    return codes or ["unknown"]


def _resource(body: bytes, kind: str) -> Resource:
    """The resource in a successful answer; a proxy's login page with status 200 is not one."""
    found = _json(body)
    if not isinstance(found, dict) or found.get("resourceType") != kind:
        raise ServerUnavailable(f"what answered is not a FHIR {kind}")
    return found


def _json(body: bytes) -> Any:  # noqa: ANN401 - unread JSON
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
