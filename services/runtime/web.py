"""One way to make a web server: /metrics, /health, one authorisation function, bounded bodies."""

import json
import os
import socket
import threading
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, Header, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as AsgiScope

from services.runtime.auth import Actor, Doorkeeper, Refused, Scope
from services.runtime.health import Health
from services.runtime.heap import settle
from services.runtime.settings import Settings

KEEP_ALIVE_S = 75
"""uvicorn's 5 s drops slow senders' next request (measured)."""


class BodyTooLarge(Exception):  # noqa: N818 - the answer, not a fault
    """The body is over the limit; answered with 413."""


class LimitBody:
    """Refuses bodies over a limit: by Content-Length at once, else when the limit is passed."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app, self._limit = app, limit

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen = 0
        declared = dict(scope["headers"]).get(b"content-length", b"0")

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._limit:
                raise BodyTooLarge
            return message

        scope.setdefault("state", {})["body_declared_too_large"] = declared.isdigit() and int(declared) > self._limit
        await self._app(scope, limited, send)


def require(scope: Scope) -> Callable[..., Coroutine[Any, Any, Actor]]:
    """A FastAPI dependency: the actor, who holds the scope; else 401 or 403."""

    async def dependency(request: Request, authorization: Annotated[str | None, Header()] = None) -> Actor:
        doorkeeper: Doorkeeper = request.app.state.doorkeeper
        cookie = request.cookies.get("wardwatch")
        return doorkeeper.authorise(authorization or (f"Bearer {cookie}" if cookie else None), scope)

    return dependency


def create_app(name: str, settings: Settings, health: Health) -> FastAPI:
    """An application with /health/live, /health/ready and /metrics (scope `metrics`)."""
    app = FastAPI(title=f"Wardwatch {name}", docs_url=None, redoc_url=None)
    app.state.doorkeeper = Doorkeeper(settings)
    app.add_middleware(LimitBody, limit=settings.max_body_bytes)

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Exception) -> Response:
        status = error.status if isinstance(error, Refused) else 403
        headers = {"WWW-Authenticate": 'Bearer realm="wardwatch"'} if status == 401 else {}  # noqa: PLR2004 - RFC 9110
        return JSONResponse({"error": str(error)}, status_code=status, headers=headers)

    @app.get("/health/live", include_in_schema=False)
    async def live() -> Response:
        return JSONResponse({"live": health.live()}, status_code=200 if health.live() else 503)

    @app.get("/health/ready", include_in_schema=False)
    def ready() -> Response:  # not async: a check may block, so it runs in the thread pool
        problems = health.problems()
        return JSONResponse({"ready": not problems, "problems": problems}, status_code=503 if problems else 200)

    @app.get("/metrics", include_in_schema=False, dependencies=[Depends(require("metrics"))])
    def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return app


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 picks a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=1024)
    listener.set_inheritable(True)
    return listener


def announce(settings: Settings, name: str, **facts: int | str) -> None:
    """Write `run_dir/NAME.json` (ports, pid) for whoever started this process."""
    if settings.run_dir is None:
        return
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    target = settings.run_dir / f"{name}.json"
    scratch = target.with_suffix(".tmp")
    scratch.write_text(json.dumps({"pid": os.getpid(), **facts}))
    scratch.replace(target)


def serve(app: ASGIApp, listener: socket.socket) -> None:
    """Serve on the socket until the process is told to stop."""
    settle()
    uvicorn.Server(_config(app)).run(sockets=[listener])


def serve_in_thread(app: ASGIApp, listener: socket.socket) -> Callable[[], None]:
    """Serve from a daemon thread (metrics and health of a stream service); returns what stops it."""
    server = uvicorn.Server(_config(app))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # signals belong to the main thread
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True, name="web")
    thread.start()

    def stop() -> None:
        server.should_exit = True
        thread.join(timeout=5)

    return stop


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(app, log_config=None, access_log=False, timeout_keep_alive=KEEP_ALIVE_S, lifespan="on")
