"""The console's web application: all routes over one set of parts."""

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from services.console.parts import Parts
from services.console.web import (
    advice,
    beds,
    board,
    decisions,
    events,
    explain,
    films,
    pages,
    patient,
    quality,
    schedule,
    session,
    system,
)
from services.runtime.health import Health
from services.runtime.web import create_app


def console_app(parts: Parts, health: Health) -> FastAPI:
    """Pages, JSON, live updates, decisions, pictures, assets."""
    app = create_app("console", parts.settings, health)
    app.add_exception_handler(session.GoTo, session.go)

    @app.exception_handler(HTTPException)
    async def failed(request: Request, error: HTTPException) -> Response:
        if "text/html" in request.headers.get("accept", ""):
            return pages.render(
                request, parts, "problem.html", None, status=error.status_code, problem=str(error.detail)
            )
        return JSONResponse({"error": error.detail}, status_code=error.status_code, headers=error.headers)

    for room in (session, board, patient, explain, films, beds, schedule, quality, system, decisions, advice, events):
        app.include_router(room.router(parts))
    app.mount("/static", StaticFiles(directory=pages.HERE / "static"), name="static")
    return app
