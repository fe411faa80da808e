"""The CDS service's routes: discovery, four services, feedback (CDS Hooks 2.0).

Every answer that is no success is an OperationOutcome whose words name what was wrong and never what was sent.
"""

import time
from typing import Annotated, Any, Final

from fastapi import Depends, FastAPI, Header, Request, Response
from fastapi.responses import JSONResponse
from starlette.background import BackgroundTask

from schemas.events import AccessAudited
from schemas.fhir.facts import FUTURE_TOLERANCE, Stop
from schemas.fhir.patient import FHIR_AUTHORITY, who
from schemas.ids import digest
from services.cds_hooks import decided
from services.cds_hooks.advise import Asked, cards
from services.cds_hooks.catalogue import BY_ID, SERVICES
from services.cds_hooks.parts import Parts
from services.cds_hooks.request import Call, Problem, Unusable, read_call, read_feedback
from services.cds_hooks.response import Cards
from services.cds_hooks.standing import Standing
from services.cds_hooks.trust import Caller, Untrusted
from services.runtime import logs, metrics
from services.runtime.errors import DependencyError, LogUnavailable
from services.runtime.health import Health
from services.runtime.outgoing import outgoing
from services.runtime.ports import Identifier
from services.runtime.web import BodyTooLarge, create_app

PUBLISH_S: Final = 5.0
RETRY_S: Final = 5
SERVICE: Final = "cds-hooks"
BASE: Final = "/cds-services"

log = logs.get(__name__)


class Answer(Exception):  # noqa: N818 - an answer that is no success
    """A status and what was wrong."""

    def __init__(self, status: int, code: str, *problems: Problem) -> None:
        super().__init__(status)
        self.status, self.code, self.problems = status, code, problems


async def body(request: Request) -> bytes:
    """The whole body; 413 where it is larger than allowed."""
    if request.scope["state"].get("body_declared_too_large"):
        raise Answer(413, "too-long", Problem("", "the body is too large"))
    try:
        return await request.body()
    except BodyTooLarge:
        raise Answer(413, "too-long", Problem("", "the body is too large")) from None


Body = Annotated[bytes, Depends(body)]
Authorization = Annotated[str | None, Header()]


def cds_app(parts: Parts, health: Health) -> FastAPI:
    """The application."""
    app = create_app(SERVICE, parts.settings, health)

    @app.exception_handler(Answer)
    async def answered(_: Request, error: Exception) -> Response:
        assert isinstance(error, Answer)  # noqa: S101 - for the type checker: registered for this class
        headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'} if error.status == 401 else {}  # noqa: PLR2004
        headers |= {"Retry-After": str(RETRY_S)} if error.status == 503 else {}  # noqa: PLR2004 - RFC 9110
        return JSONResponse(outcome(error), status_code=error.status, headers=headers)

    @app.get(BASE)
    def discovery(authorization: Authorization = None) -> Response:
        """All services."""
        _trusted(parts, authorization, BASE)
        return JSONResponse(SERVICES.model_dump(mode="json", exclude_none=True))

    @app.post(BASE + "/{service}")
    def call(service: str, content: Body, authorization: Authorization = None) -> Response:
        """Cards."""
        began = time.perf_counter()
        caller = _trusted(parts, authorization, f"{BASE}/{service}")
        asked = _read(service, content)
        if not parts.current():
            raise Answer(503, "transient", Problem("", "the event log is not read to its end: ask again"))
        standing = _standing(parts, caller, asked)
        given = () if standing is None else cards(Asked(asked, standing, parts.clock.now(), parts.settings.console_url))
        answer = JSONResponse(Cards(cards=given).model_dump(mode="json", exclude_none=True))
        if standing is not None:
            actor = f"{caller.name}: {asked.context.userId}"
            answer.background = BackgroundTask(_audit, parts, actor, f"cds-hooks {asked.hook}", standing.patient)
        metrics.TURN_SECONDS.labels(SERVICE).observe(time.perf_counter() - began)
        return answer

    @app.post(BASE + "/{service}/feedback")
    def feedback(service: str, content: Body, authorization: Authorization = None) -> Response:
        """What became of cards."""
        path = f"{BASE}/{service}"
        caller = _trusted(parts, authorization, f"{path}/feedback", path)
        if service not in BY_ID:
            raise Answer(404, "not-found", Problem("", f"there is no such service: see {BASE}"))
        return JSONResponse(_decided(parts, caller, content))

    return app


def outcome(error: Answer) -> dict[str, Any]:
    """An OperationOutcome (FHIR R4)."""
    issues = [
        {"severity": "error", "code": error.code, "diagnostics": problem.text}
        | ({"expression": [problem.path]} if problem.path else {})
        for problem in error.problems
    ]
    return {"resourceType": "OperationOutcome", "issue": issues}


def _trusted(parts: Parts, authorization: str | None, *paths: str) -> Caller:
    try:
        return parts.trust.caller(authorization, [parts.base + path for path in paths])
    except Untrusted as error:
        raise Answer(401, "login", Problem("", str(error))) from None


def _read(service: str, content: bytes) -> Call:
    known = BY_ID.get(service)
    if known is None:
        raise Answer(404, "not-found", Problem("", f"there is no such service: see {BASE}"))
    try:
        call = read_call(content)
    except Unusable as error:
        raise Answer(400, "invalid", *error.problems) from None
    if call.hook != known.hook:
        raise Answer(400, "invalid", Problem("hook", f"this service is for {known.hook}"))
    return call


def _standing(parts: Parts, caller: Caller, call: Call) -> Standing | None:
    """What is known of the patient: None for nobody we know."""
    if caller.patients == "identifier" and not call.prefetched:
        raise Answer(
            412, "required", Problem("prefetch.patient", "is needed: this client's patient ids are not known here")
        )
    names: list[tuple[str, str]] = []
    try:
        names += who(call.patient, None).identifiers if call.patient is not None else ()
    except Stop as stop:
        raise Answer(400, "invalid", Problem("prefetch.patient", stop.fact.reason)) from None
    numbers = [Identifier(*name) for name in names if name[0] != FHIR_AUTHORITY]
    try:
        key = None
        if caller.patients == "id":
            key = parts.identity.resolve(parts.settings.site, Identifier(FHIR_AUTHORITY, call.context.patientId))
        # Their own numbers only where the id says nothing: after a merge they may lead to more than one key.
        keys = [key] if key else [k for one in numbers if (k := parts.identity.resolve(parts.settings.site, one))]
    except DependencyError:
        raise Answer(503, "transient", Problem("", "the identity store does not answer: ask again")) from None
    found = {standing.patient: standing for k in keys if (standing := parts.patients.of(k)) is not None}
    if len(found) > 1:
        raise Answer(400, "conflict", Problem("prefetch.patient", "its identifiers belong to different people"))
    return next(iter(found.values()), None)


def _decided(parts: Parts, caller: Caller, content: bytes) -> dict[str, Any]:
    """Write what was decided; what names no card of ours is told, the rest is written all the same."""
    try:
        given = read_feedback(content)
    except Unusable as error:
        raise Answer(400, "invalid", *error.problems) from None
    if not parts.current():
        raise Answer(503, "transient", Problem("", "the event log is not read to its end: send it again"))
    known, now = decided.index(parts.patients.all()), parts.clock.now()
    # A told clock is not the clients' clock, so only a system clock can say what lies ahead (design rule 5).
    ahead = [n for n, one in enumerate(given) if one.outcomeTimestamp > now + FUTURE_TOLERANCE]
    if ahead and parts.settings.clock == "system":
        problems = [Problem(f"feedback.{n}.outcomeTimestamp", "lies in the future: wrong clock") for n in ahead]
        raise Answer(400, "invalid", *problems)
    events = [
        decided.decision(one, *known[one.card], client=caller.name, known=now) for one in given if one.card in known
    ]
    messages = [outgoing(event, source=SERVICE, partitions=parts.settings.partitions) for event in events]
    try:
        parts.publisher.publish(messages).result(PUBLISH_S)
    except (LogUnavailable, TimeoutError):
        raise Answer(
            503, "transient", Problem("", "not recorded, the event log does not answer: send it again")
        ) from None
    if unknown := [n for n, one in enumerate(given) if one.card not in known]:
        problems = [Problem(f"feedback.{n}.card", "is no card of ours; the others were recorded") for n in unknown]
        raise Answer(404, "not-found", *problems)
    return {}


def _audit(parts: Parts, actor: str, action: str, subject: str) -> None:
    """Tell who looked, after they were answered: a log that does not take it must not hide a patient."""
    at, site = parts.clock.now(), parts.settings.site
    event = AccessAudited(
        id=digest(site, actor, action, subject, at.isoformat()), site=site, known=at, actor=actor[:128], action=action,
        subject=subject,
    )  # fmt: skip
    message = outgoing(event, source=SERVICE, partitions=parts.settings.partitions)
    if (error := parts.publisher.publish([message]).exception(PUBLISH_S)) is not None:
        log.error("audit not written", reason=str(error))
