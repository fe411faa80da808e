"""Who is at the screen, and whether they may: a token in the Authorization header, or a cookie that no script can read.

The cookie holds a token, or a sign-in at the hospital's issuer (services/console/signin). A token in a link
(`?token=`) becomes the cookie and leaves the address at once. Changes asked by a browser carry a proof of our own page
besides the cookie (OWASP CSRF prevention: custom header, HMAC of the session). services/console/access.py says who may.
"""

from typing import Annotated, Final
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from services.console import access
from services.console.parts import Parts
from services.console.reading import whose
from services.console.reading.viewer import Viewer
from services.console.signin.sessions import SHIFT_S
from services.console.web import language, pages
from services.console.web.audit import audit
from services.console.web.proof import COOKIE, proven
from services.runtime.auth import Doorkeeper, Refused

YEAR_S: Final = 365 * 24 * 3600


class GoTo(Exception):  # noqa: N818 - the answer, not a fault
    """Answer with a redirect; with a token, set the cookie."""

    def __init__(self, location: str, token: str | None = None) -> None:
        super().__init__(location)
        self.location, self.token = location, token


def who(request: Request) -> Viewer:
    """Who asks, whatever they may; Refused (401) for nobody."""
    doorkeeper: Doorkeeper = request.app.state.doorkeeper
    parts: Parts = request.app.state.parts
    given, cookie = request.headers.get("authorization"), request.cookies.get(COOKIE)
    if given is None and cookie and (person := parts.sessions.opened(cookie)) is not None:
        return Viewer.of(person.name, access.of_roles(person.roles), frozenset(person.wards))
    actor = doorkeeper.who(given or (f"Bearer {cookie}" if cookie else None))
    return Viewer.of(actor.name, access.of_scopes(actor))


def permitted(request: Request) -> Viewer:
    """Who asks, if the rule of this route lets them; else Refused. A refusal about a patient is told to the audit."""
    viewer = who(request)
    asked = access.rule(request.method, request.scope["route"].path)
    if asked == "signed in":
        page = request.query_params.get("page", "board")
        asked = access.of_page(page)
        subject = {"key": page} if asked == "patients" else {}
    else:
        subject = dict(request.path_params)
    if asked not in viewer.rights:
        raise Refused(403, f"{viewer.name} may not do this: it needs the right “{asked}”")
    parts: Parts = request.app.state.parts
    if viewer.wards is not None and subject:
        with parts.store.reading() as db:
            patient = whose.patient_of(db, subject)
            ward = None if patient is None else whose.ward_of(db, parts.settings.site, patient)
        if patient is not None and not viewer.on(ward):
            audit(parts, viewer.name, f"{asked} of another ward", patient, allowed=False)
            raise Refused(403, "this patient is not on one of your wards")
    return viewer


async def reader(request: Request) -> Viewer:
    """A dependency of the JSON routes: who may read."""
    return await run_in_threadpool(permitted, request)


async def visitor(request: Request) -> Viewer:
    """A dependency of the pages: like `reader`, but strangers are led to the sign-in, others from `/` to their page."""
    if (token := request.query_params.get("token")) is not None:
        rest = urlencode([(k, v) for k, v in request.query_params.multi_items() if k != "token"])
        raise GoTo(request.url.path + (f"?{rest}" if rest else ""), token)
    try:
        return await run_in_threadpool(permitted, request)
    except Refused as refused:
        if refused.status == 401:  # noqa: PLR2004 - RFC 9110
            raise GoTo(f"/login?{urlencode({'next': request.url.path})}") from None
        if request.url.path == "/" and (own := who(request).pages):
            raise GoTo(own[0]) from None
        raise


async def asker(request: Request, x_wardwatch_proof: Annotated[str, Header()] = "") -> Viewer:
    """A dependency of what is asked for with a POST: like `reader`, but from one of our pages or with a token."""
    viewer = await run_in_threadpool(permitted, request)
    if request.headers.get("authorization") is None and not proven(request, x_wardwatch_proof):
        raise Refused(403, "this did not come from a page of the console; reload it and try again")
    return viewer


decider = asker
"""A dependency of every change: the rule of its route says who may decide what."""


async def go(request: Request, error: Exception) -> Response:
    """The answer to GoTo."""
    if not isinstance(error, GoTo):
        raise error
    answer = RedirectResponse(error.location, status_code=303)
    if error.token is not None:
        remember(answer, error.token, request)
    return answer


def remember(answer: Response, value: str, request: Request) -> None:
    """Keep a token or a sealed sign-in in this browser for a shift."""
    answer.set_cookie(COOKIE, value, max_age=SHIFT_S, httponly=True, samesite="strict", secure=encrypted(request))


def encrypted(request: Request) -> bool:
    """Whether people reach the console by https: directly, or through a proxy that the settings' address tells of."""
    parts: Parts = request.app.state.parts
    return request.url.scheme == "https" or parts.settings.console_url.startswith("https://")


def inside(target: str) -> str:
    """A path of this console; anything else leads to the board (no open redirect)."""
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) else "/"


def router(parts: Parts) -> APIRouter:
    """Sign in and out."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/login")
    async def ask(request: Request) -> Response:
        return pages.render(request, parts, "login.html", None, next=inside(request.query_params.get("next", "/")))

    @routes.post("/login")
    async def enter(request: Request) -> Response:
        form = parse_qs((await request.body()).decode("utf-8", "replace"))
        token, target = form.get("token", [""])[0].strip(), inside(form.get("next", ["/"])[0])
        doorkeeper: Doorkeeper = request.app.state.doorkeeper
        try:
            doorkeeper.authorise(f"Bearer {token}", "read")
        except Refused as refused:
            return pages.render(request, parts, "login.html", None, status=401, next=target, problem=refused.reason)
        answer = RedirectResponse(target, status_code=303)
        remember(answer, token, request)
        return answer

    @routes.get("/language")
    async def speak(request: Request, to: str = "en") -> Response:
        answer = RedirectResponse(inside(request.query_params.get("next", "/")), status_code=303)
        if to in language.LANGUAGES:
            answer.set_cookie(language.COOKIE, to, max_age=YEAR_S, httponly=True, samesite="strict")
        return answer

    @routes.post("/logout")
    def leave(request: Request) -> Response:
        cookie = request.cookies.get(COOKIE, "")
        person = parts.sessions.opened(cookie)
        answer: Response = RedirectResponse("/login", status_code=303)
        if person is not None and parts.signin is not None:
            parts.sessions.end(cookie)
            # Not a redirect: the policy of the page that sent the form lets its answer lead to no other host.
            back = str(request.url_for("ask"))
            leave_to = parts.signin.ending(
                parts.settings.console_url.rstrip("/") + "/login" if parts.settings.console_url else back
            )
            answer = pages.render(request, parts, "through.html", None, to=leave_to or "/login", leaving=True)
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return answer

    return routes
