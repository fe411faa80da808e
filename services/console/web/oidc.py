"""Sign-in at the issuer: `/login/oidc` leads there, `/login/oidc/callback` takes its answer."""

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.console.parts import Parts
from services.console.signin.flow import BEGUN_S
from services.console.signin.issuer import IssuerDown, SignInRefused
from services.console.web import pages
from services.console.web.audit import audit
from services.console.web.session import encrypted, inside, remember
from services.runtime import logs

COOKIE: Final = "wardwatch-signin"
PATH: Final = "/login/oidc"

log = logs.get(__name__)


def router(parts: Parts) -> APIRouter:
    """Both routes; without an issuer they are not found."""
    routes = APIRouter(include_in_schema=False)

    def callback_at(request: Request) -> str:
        base = parts.settings.console_url.rstrip("/") or str(request.base_url).rstrip("/")
        return f"{base}{PATH}/callback"

    def failed(request: Request, status: int, target: str, *, down: str = "", refused: str = "") -> Response:
        log.warning("sign_in_failed", reason=down or refused)
        answer = pages.render(
            request, parts, "login.html", None, status=status, next=target, down=bool(down), refused=refused
        )
        answer.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="lax")
        return answer

    @routes.get("/login/oidc")
    def begin(request: Request, next: str = "/") -> Response:  # noqa: A002 - the name in the address
        if parts.signin is None:
            return RedirectResponse("/login", status_code=303)
        try:
            begun = parts.signin.begin(inside(next), callback_at(request))
        except IssuerDown as error:
            return failed(request, 503, inside(next), down=str(error))
        answer = RedirectResponse(begun.location, status_code=303)
        # Lax: the issuer's answer is a navigation from another site, to which a Strict cookie does not travel.
        answer.set_cookie(
            COOKIE, begun.cookie, max_age=BEGUN_S, path=PATH, httponly=True, samesite="lax",
            secure=encrypted(request),
        )  # fmt: skip
        return answer

    @routes.get("/login/oidc/callback")
    def finish(request: Request) -> Response:
        if parts.signin is None:
            return RedirectResponse("/login", status_code=303)
        try:
            person, target = parts.signin.finish(request.cookies.get(COOKIE, ""), dict(request.query_params))
        except IssuerDown as error:
            return failed(request, 503, "/", down=str(error))
        except SignInRefused as refused:
            return failed(request, 403, "/", refused=str(refused))
        audit(parts, person.name, "signed in", person.subject)
        # A page and not a redirect: the Strict cookie set here travels with what our own page asks for, not with
        # what another site's redirect leads to.
        answer = pages.render(request, parts, "through.html", None, to=inside(target), leaving=False)
        remember(answer, parts.sessions.begin(person), request)
        answer.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="lax")
        return answer

    return routes
