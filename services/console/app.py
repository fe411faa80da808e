"""The console's web application: all routes over one set of parts."""

from collections.abc import Iterable, Mapping

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from services.console import access, units
from services.console.parts import Parts
from services.console.web import (
    advice,
    beds,
    board,
    decisions,
    events,
    explain,
    films,
    oidc,
    pages,
    patient,
    quality,
    schedule,
    session,
    system,
)
from services.runtime.auth import Refused
from services.runtime.health import Health
from services.runtime.web import create_app


def console_app(parts: Parts, health: Health) -> FastAPI:
    """Pages, JSON, live updates, decisions, pictures, assets. Raises LookupError for a route without a rule."""
    app = create_app("console", parts.settings, health)
    app.state.parts = parts
    app.add_middleware(units.InUnits, units=parts.units)
    app.add_exception_handler(session.GoTo, session.go)

    @app.exception_handler(HTTPException)
    async def failed(request: Request, error: HTTPException) -> Response:
        return _problem(request, parts, error.status_code, str(error.detail), error.headers)

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> Response:
        headers = {"WWW-Authenticate": 'Bearer realm="wardwatch"'} if error.status == 401 else None  # noqa: PLR2004 - RFC 9110
        return _problem(request, parts, error.status, error.reason, headers)

    rooms = (session, oidc, board, patient, explain, films, beds, schedule, quality, system, decisions, advice, events)
    routers = [room.router(parts) for room in rooms]
    for router in routers:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=pages.HERE / "static"), name="static")
    access.complete(served([*app.routes, *(route for router in routers for route in router.routes)]))
    return app


def _problem(request: Request, parts: Parts, status: int, reason: str, headers: Mapping[str, str] | None) -> Response:
    """A page for people, JSON for programs."""
    if "text/html" in request.headers.get("accept", ""):
        return pages.render(request, parts, "problem.html", None, status=status, problem=reason)
    return JSONResponse({"error": reason}, status_code=status, headers=headers)


def served(routes: Iterable[BaseRoute]) -> list[tuple[str, str]]:
    """Method and path of every route; HEAD goes with GET."""
    found = []
    for route in routes:
        if isinstance(route, Route):
            found += [(method, route.path) for method in sorted(route.methods or ()) if method != "HEAD"]
        elif isinstance(route, Mount):
            found.append(("GET", route.path))
    return found
