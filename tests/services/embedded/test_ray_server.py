"""Ray Serve with the smallest application: it answers, comes back when killed, and leaves nothing."""

import time
from pathlib import Path

import httpx
import psutil
import pytest

from services.embedded.ray_plan import HeadPlan, RayPlan
from services.embedded.ray_server import RayOptions, RayServer

ECHO = RayOptions(
    application="echo_application:build", args={"replicas": 1}, proxy=True, pythonpath=(Path(__file__).parent / "apps",)
)


def test_a_plan_survives_its_file() -> None:
    """What the starter reads is what was asked."""
    head = HeadPlan(port=1, agent_ports=(2, 3, 4, 5), temporary="/tmp/x")
    for plan in (RayPlan("a:1", "s", head, args={"models": ["sepsis"]}), RayPlan("a:1", "s")):
        assert RayPlan.from_json(plan.to_json()) == plan


@pytest.mark.servers
@pytest.mark.slow
@pytest.mark.timeout(480)
def test_a_killed_head_comes_back_with_its_application_and_nothing_is_left_at_the_end(tmp_path: Path) -> None:
    """A kill -9 of GCS and raylet: the same URL answers again by itself; after stop no process of either is there."""
    server = RayServer(tmp_path, ECHO)
    try:
        server.start()
        assert httpx.post(server.url, content=b"beat").text == "beat"
        replica = httpx.get(server.url).text
        family = psutil.Process(server.pid).children(recursive=True)
        server.kill_head()
        deadline = time.monotonic() + 220
        while not (server.deployed and server.answers()):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert server.starts == 2
        assert httpx.post(server.url, content=b"again").text == "again"
        assert httpx.get(server.url).text != replica
        family += psutil.Process(server.pid).children(recursive=True)
    finally:
        server.stop()
    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []
