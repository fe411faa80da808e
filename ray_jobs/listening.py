"""The door with a port of its own: no proxy of Serve's stands before it, which costs a request more than the models do.

For one machine (`ray_jobs.application.Entrance`); a cluster's door is found by Serve's proxies. docs/decisions/0026
has the figures.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any, Final

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

HEALTHY: Final = "/-/healthz"
"""Answers as Serve's proxy does, so that whoever waits for one need not know which it is."""
KEEP_ALIVE_S: Final = 75
WAITING: Final = 2048
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Listener:
    """HTTP on a port, answered by `answer` in the running event loop; at most `most` requests at once."""

    def __init__(self, answer: Callable[[Request], Awaitable[Response]], host: str, port: int, most: int) -> None:
        """Listen at once; needs a running event loop; raises OSError where the port is another's."""
        self._answer, self._most, self._open = answer, most, 0
        config = uvicorn.Config(
            self._app, interface="asgi3", lifespan="off", log_config=None, access_log=False,
            timeout_keep_alive=KEEP_ALIVE_S, server_header=False, date_header=False,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._serving = asyncio.get_running_loop().create_task(self._server.serve(sockets=[listening(host, port)]))

    def close(self) -> None:
        """Listen no more; requests that are being answered are, first."""
        self._server.should_exit = True

    def check(self) -> None:
        """Raises RuntimeError when nobody listens any more."""
        if self._serving.done():
            raise RuntimeError("the door's port is closed") from (
                None if self._serving.cancelled() else self._serving.exception()
            )

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        if scope["path"] == HEALTHY:
            await PlainTextResponse("success")(scope, receive, send)
        elif self._open >= self._most:
            full = JSONResponse(
                {"error": f"{self._most} requests are being answered"},
                HTTPStatus.SERVICE_UNAVAILABLE,
                {"Retry-After": "1"},
            )
            await full(scope, receive, send)
        else:
            self._open += 1
            try:
                await (await self._answer(request))(scope, receive, send)
            finally:
                self._open -= 1


def listening(host: str, port: int) -> socket.socket:
    """A listening socket; raises OSError. Others of this user may share the port: replicas, and the next after a crash.

    Without SO_REUSEADDR the kernel keeps the port of a killed door for a minute, for its open connections' sake.
    """
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind((host, port))
        bound.listen(WAITING)
    except OSError:
        bound.close()
        raise
    return bound
