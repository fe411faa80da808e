"""The door's own port: how many at once, who may share it, and what is said when nobody listens any more."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from ray_jobs.listening import HEALTHY, Listener, listening
from services.embedded.processes import free_port

Talk = Callable[[httpx.AsyncClient], Coroutine[Any, Any, None]]
HOST = "127.0.0.1"


def running(answer: Callable[[Request], Coroutine[Any, Any, Response]], talk: Talk, most: int = 8) -> None:
    """Listen, talk, stop listening."""

    async def run() -> None:
        port = free_port()
        listener = Listener(answer, HOST, port, most)
        async with httpx.AsyncClient(base_url=f"http://{HOST}:{port}", timeout=10) as client:
            await talk(client)
        listener.check()
        listener.close()
        with pytest.raises(RuntimeError, match="closed"):
            await _until_closed(listener)

    asyncio.run(run())


async def _until_closed(listener: Listener) -> None:
    for _ in range(500):
        listener.check()
        await asyncio.sleep(0.01)


async def echo(request: Request) -> Response:
    """Path and body."""
    return Response(request.url.path.encode() + b" " + await request.body())


def test_a_request_is_answered_with_what_the_door_says() -> None:
    """Path and body reach the answerer and its answer comes back; the health page is the listener's own."""

    async def talk(client: httpx.AsyncClient) -> None:
        assert (await client.post("/infer/sepsis", content=b"rows")).content == b"/infer/sepsis rows"
        healthy = await client.get(HEALTHY)
        assert (healthy.status_code, healthy.text) == (200, "success")

    running(echo, talk)


def test_more_than_the_most_at_once_are_sent_away() -> None:
    """The request beyond the limit gets 503 with Retry-After at once; the others are answered."""
    free, began = asyncio.Event(), asyncio.Semaphore(0)

    async def slow(request: Request) -> Response:
        began.release()
        await free.wait()
        return await echo(request)

    async def talk(client: httpx.AsyncClient) -> None:
        waiting = [asyncio.create_task(client.post("/x", content=b"y")) for _ in range(2)]
        await began.acquire()
        await began.acquire()
        refused = await client.post("/x")
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "1"
        assert refused.json() == {"error": "2 requests are being answered"}
        free.set()
        assert [(await task).status_code for task in waiting] == [200, 200]

    running(slow, talk, most=2)


def test_a_fault_of_an_answer_costs_that_request_alone() -> None:
    """An exception is a 500, its place among the requests is free again, and the next is answered."""

    async def faulty(request: Request) -> Response:
        if request.url.path == "/fault":
            raise RuntimeError("no")
        return await echo(request)

    async def talk(client: httpx.AsyncClient) -> None:
        for _ in range(3):
            assert (await client.get("/fault")).status_code == 500
        assert (await client.get("/fine")).status_code == 200

    running(faulty, talk, most=1)


def test_a_port_is_shared_by_doors_and_by_nobody_else() -> None:
    """Two doors of one user listen on one port; one that asks for it alone does not get it, nor does a door then."""
    port = free_port()
    with listening(HOST, port), listening(HOST, port):
        pass
    with socket.socket() as alone:
        alone.bind((HOST, port))
        alone.listen()
        with pytest.raises(OSError, match="in use"):
            listening(HOST, port)
