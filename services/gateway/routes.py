"""The FHIR routes: POST /fhir, POST /fhir/TYPE, PUT /fhir/TYPE/ID, GET /fhir/metadata (FHIR R4, 3.1 RESTful API).

Every way of refusing answers with an OperationOutcome and the status that says whose turn it is.
"""

import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Final, Literal

import orjson
from fastapi import APIRouter, Depends, FastAPI, Header, Request, Response
from starlette.requests import ClientDisconnect

from schemas.fhir.types import RESOURCE_TYPES
from services.gateway import answer
from services.gateway.accept import Asked
from services.gateway.capability import capability_statement
from services.gateway.gateway import SERVICE, Gateway, TurnedAway
from services.runtime import metrics
from services.runtime.auth import Actor, Refused
from services.runtime.errors import BadInputError, DependencyError
from services.runtime.web import BodyTooLarge, require

MEDIA_TYPES: Final = frozenset({"application/fhir+json", "application/json"})
RETRY_S: Final = 2
NOT_FOUND, TOO_LARGE, WRONG_TYPE, UNAVAILABLE = 404, 413, 415, 503

Now = Annotated[str | None, Header(alias="X-Wardwatch-Now")]
Publisher = Annotated[Actor, Depends(require("publish"))]


def routes(gateway: Gateway) -> APIRouter:
    """The routes of one gateway."""
    router = APIRouter(prefix="/fhir")

    @router.get("/metadata")
    async def metadata() -> Response:
        return _fhir(200, orjson.dumps(capability_statement()))

    @router.post("")
    @router.post("/", include_in_schema=False)
    async def bundle(request: Request, actor: Publisher, now: Now = None) -> Response:
        return await _take(gateway, request, actor, now, None, None, "POST")

    @router.post("/{kind}")
    async def create(kind: str, request: Request, actor: Publisher, now: Now = None) -> Response:
        return await _take(gateway, request, actor, now, kind, None, "POST")

    @router.put("/{kind}/{id_}")
    async def update(kind: str, id_: str, request: Request, actor: Publisher, now: Now = None) -> Response:
        return await _take(gateway, request, actor, now, kind, id_, "PUT")

    return router


def add_errors(app: FastAPI) -> None:
    """Refusals of the authorisation function as OperationOutcome too, on the FHIR routes."""
    inner = app.exception_handlers[Refused]

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> Response:
        if not request.url.path.startswith("/fhir"):
            plain: Callable[[Request, Exception], Awaitable[Response]] = inner  # type: ignore[assignment]
            return await plain(request, error)
        challenge = {"WWW-Authenticate": 'Bearer realm="wardwatch"'}
        return _fhir(error.status, answer.failure(error.status, error.reason), challenge)


async def _take(
    gateway: Gateway,
    request: Request,
    actor: Actor,
    now: str | None,
    kind: str | None,
    id_: str | None,
    method: Literal["POST", "PUT"],
) -> Response:
    route = f"{method} /fhir" + ("/TYPE" if kind else "") + ("/ID" if id_ else "")
    response = await _answer(gateway, request, actor, now, kind, id_, method)
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
