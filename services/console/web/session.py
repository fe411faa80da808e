"""Who is at the screen: a bearer token in the Authorization header, or in a cookie that scripts cannot read.

A token in a link (`?token=`) becomes the cookie and leaves the address at once. Changes asked by a browser
carry a proof of our own page besides the cookie (OWASP CSRF prevention: custom header, HMAC of the session).
"""

from typing import Annotated, Final
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import RedirectResponse

from services.console.parts import Parts
from services.console.reading.viewer import Viewer
from services.console.web import language, pages
from services.console.web.proof import COOKIE, proven
from services.runtime.auth import Actor, Doorkeeper, Refused, Scope

YEAR_S: Final = 365 * 24 * 3600
SHIFT_S: Final = 12 * 3600
"""A sign-in lasts one shift."""


class GoTo(Exception):  # noqa: N818 - the answer, not a fault
    """Answer with a redirect; with a token, set the cookie."""

    def __init__(self, location: str, token: str | None = None) -> None:
        super().__init__(location)
        self.location, self.token = location, token


def actor(request: Request, scope: Scope) -> Actor:
    """Who asks, if they hold the scope; else Refused."""
    doorkeeper: Doorkeeper = request.app.state.doorkeeper
    given = request.headers.get("authorization")
    cookie = request.cookies.get(COOKIE)
    return doorkeeper.authorise(given or (f"Bearer {cookie}" if cookie else None), scope)


async def reader(request: Request) -> Viewer:
    """A dependency of the JSON routes: who may read."""
    return Viewer.of(actor(request, "read"))


async def visitor(request: Request) -> Viewer:
    """A dependency of the pages: like `reader`, but strangers are shown the way to sign in."""
    if (token := request.query_params.get("token")) is not None:
        rest = urlencode([(k, v) for k, v in request.query_params.multi_items() if k != "token"])
        raise GoTo(request.url.path + (f"?{rest}" if rest else ""), token)
    try:
        return Viewer.of(actor(request, "read"))
    except Refused as refused:
        if refused.status == 401:  # noqa: PLR2004 - RFC 9110
            raise GoTo(f"/login?{urlencode({'next': request.url.path})}") from None
        raise


async def asker(request: Request, x_wardwatch_proof: Annotated[str, Header()] = "") -> Viewer:
    """A dependency of what a reader may ask for: like `reader`, but asked from one of our pages or with a token."""
    return Viewer.of(_ours(request, "read", x_wardwatch_proof))


async def decider(request: Request, x_wardwatch_proof: Annotated[str, Header()] = "") -> Actor:
    """A dependency of every change: who may decide, and asked from one of our pages or with a bearer token."""
    return _ours(request, "decide", x_wardwatch_proof)


def _ours(request: Request, scope: Scope, x_wardwatch_proof: str) -> Actor:
    who = actor(request, scope)
    if request.headers.get("authorization") is None and not proven(request, x_wardwatch_proof):
        raise Refused(403, "this did not come from a page of the console; reload it and try again")
    return who


async def go(request: Request, error: Exception) -> Response:
    """The answer to GoTo."""
    if not isinstance(error, GoTo):
        raise error
    answer = RedirectResponse(error.location, status_code=303)
    if error.token is not None:
        _remember(answer, error.token, request)
    return answer


def _remember(answer: Response, token: str, request: Request) -> None:
    answer.set_cookie(
        COOKIE, token, max_age=SHIFT_S, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )


def _inside(target: str) -> str:
    """A path of this console; anything else leads to the board (no open redirect)."""
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) else "/"


def router(parts: Parts) -> APIRouter:
    """Sign in and out."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/login")
    async def ask(request: Request) -> Response:
        return pages.render(request, parts, "login.html", None, next=_inside(request.query_params.get("next", "/")))

    @routes.post("/login")
    async def enter(request: Request) -> Response:
        form = parse_qs((await request.body()).decode("utf-8", "replace"))
        token, target = form.get("token", [""])[0].strip(), _inside(form.get("next", ["/"])[0])
        doorkeeper: Doorkeeper = request.app.state.doorkeeper
        try:
            doorkeeper.authorise(f"Bearer {token}", "read")
        except Refused as refused:
            return pages.render(request, parts, "login.html", None, status=401, next=target, problem=refused.reason)
        answer = RedirectResponse(target, status_code=303)
        _remember(answer, token, request)
        return answer

    @routes.get("/language")
    async def speak(request: Request, to: str = "en") -> Response:
        answer = RedirectResponse(_inside(request.query_params.get("next", "/")), status_code=303)
        if to in language.LANGUAGES:
            answer.set_cookie(language.COOKIE, to, max_age=YEAR_S, httponly=True, samesite="strict")
        return answer

    @routes.post("/logout")
    async def leave() -> Response:
        answer = RedirectResponse("/login", status_code=303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return answer

    return routes
