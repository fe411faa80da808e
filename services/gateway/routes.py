"""The FHIR routes: POST /fhir, POST /fhir/TYPE, PUT /fhir/TYPE/ID, GET /fhir/metadata (FHIR R4, 3.1 RESTful API).

Plain ASGI in front of the other pages (docs/decisions/0025-what-stands-before-an-alert.md). Every way of refusing
answers with an OperationOutcome and the status that says whose turn it is.
"""

import math
from collections.abc import Mapping
from typing import Final, Literal

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from schemas.fhir.types import RESOURCE_TYPES
from services.gateway import answer
from services.gateway.accept import Asked
from services.gateway.capability import capability_statement
from services.gateway.gateway import SERVICE, Gateway, TurnedAway
from services.runtime import logs, metrics
from services.runtime.auth import Actor, Doorkeeper, Refused
from services.runtime.errors import BadInputError, DependencyError
from services.runtime.web import BodyTooLarge

PREFIX: Final = "/fhir"
MEDIA_TYPES: Final = frozenset({"application/fhir+json", "application/json"})
RETRY_S: Final = 2
NOT_FOUND, NOT_ALLOWED, TOO_LARGE, WRONG_TYPE, FAULT, UNAVAILABLE = 404, 405, 413, 415, 500, 503

_log = logs.get(__name__)


class FhirDoor:
    """Answers everything under /fhir; `others` answers the rest."""

    def __init__(self, gateway: Gateway, doorkeeper: Doorkeeper, others: ASGIApp) -> None:
        self._gateway, self._doorkeeper, self._others = gateway, doorkeeper, others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        path = scope.get("path", "")
        if scope["type"] != "http" or not (path == PREFIX or path.startswith(PREFIX + "/")):
            await self._others(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await self._routed(request, path.removeprefix(PREFIX).removesuffix("/").split("/")[1:])
        except Refused as error:
            challenge = {"WWW-Authenticate": 'Bearer realm="wardwatch"'}
            response = _fhir(error.status, answer.failure(error.status, error.reason), challenge)
        except Exception as error:  # noqa: BLE001 - a fault of ours costs this request, not the connection
            _log.error("a request failed", error=type(error).__name__)
            text = "a fault of this gateway: it may be written or not; send it again, a repeat changes nothing"
            response = _fhir(FAULT, answer.failure(FAULT, text))
        await response(scope, receive, send)

    async def _routed(self, request: Request, parts: list[str]) -> Response:
        match request.method, parts:
            case "GET", ["metadata"]:
                return _fhir(200, orjson.dumps(capability_statement()))
            case "POST", []:
                return await self._take(request, None, None, "POST")
            case "POST", [kind]:
                return await self._take(request, kind, None, "POST")
            case "PUT", [kind, id_]:
                return await self._take(request, kind, id_, "PUT")
        text = f"{request.method} is not offered here: GET {PREFIX}/metadata says what is"
        return _fhir(NOT_ALLOWED, answer.failure(NOT_ALLOWED, text), {"Allow": "GET, POST, PUT"})

    async def _take(
        self, request: Request, kind: str | None, id_: str | None, method: Literal["POST", "PUT"]
    ) -> Response:
        actor = self._doorkeeper.authorise(request.headers.get("authorization"), "publish")
        now = request.headers.get("x-wardwatch-now")
        response = await _answer(self._gateway, request, actor, now, kind, id_, method)
        route = f"{method} {PREFIX}" + ("/TYPE" if kind else "") + ("/ID" if id_ else "")
        metrics.counted(metrics.REQUESTS, SERVICE, route, str(response.status_code)).inc()
        return response


async def _answer(
    gateway: Gateway,
    request: Request,
    actor: Actor,
    now: str | None,
    kind: str | None,
    id_: str | None,
    method: Literal["POST", "PUT"],
) -> Response:
    try:
        if kind is not None and kind not in RESOURCE_TYPES:
            raise BadInputError("the URL names no FHIR R4 resource type", status=NOT_FOUND)
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in MEDIA_TYPES:
            raise BadInputError("send Content-Type: application/fhir+json", status=WRONG_TYPE)
        if now is not None and not actor.scopes & {"replay", "admin"}:
            raise Refused(403, "this token lacks the scope 'replay'")
        document = await _body(request)
        asked = Asked(gateway.site, gateway.known(now), actor.name, kind, id_, method)
        accepted = await gateway.take(document, asked)
    except BadInputError as error:
        return _fhir(error.status, answer.failure(error.status, error.reason, error.path))
    except TurnedAway as error:
        wait = {"Retry-After": str(math.ceil(error.retry_s))}
        return _fhir(UNAVAILABLE, answer.failure(UNAVAILABLE, error.reason), wait)
    except DependencyError:
        text = "not written: the log or a store does not answer; send it again, a repeat changes nothing"
        return _fhir(UNAVAILABLE, answer.failure(UNAVAILABLE, text), {"Retry-After": str(RETRY_S)})
    status, body = answer.body(accepted)
    return _fhir(status, body, answer.headers(accepted))


async def _body(request: Request) -> bytes:
    """The whole body, unless it is over the limit: then nobody reads the rest."""
    if request.scope.get("state", {}).get("body_declared_too_large"):
        raise BadInputError("the document is larger than this gateway takes: send it in parts", status=TOO_LARGE)
    try:
        return await request.body()
    except BodyTooLarge:
        raise BadInputError(
            "the document is larger than this gateway takes: send it in parts", status=TOO_LARGE
        ) from None
    except ClientDisconnect:
        raise BadInputError("the sender went away in the middle", status=400) from None


def _fhir(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> Response:
    return Response(body, status_code=status, headers=dict(headers or {}), media_type=answer.MEDIA_TYPE)
