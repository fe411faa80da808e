"""Compares the fake Grafana, call by call, with the recorded answers of a real Grafana 11.0.0."""

import json
import os
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.grafana import ADMIN, FakeGrafana

SHARED = Path(os.environ.get("WARDWATCH_SHARED") or Path(__file__).parents[4] / "shared")
RECORDED = SHARED / "grafana-11-answers.json"

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not RECORDED.is_file(), reason=f"needs {RECORDED.name} in WARDWATCH_SHARED"),
]

# What no two servers share: clocks, and numbers drawn at random. Their type and form still have to agree.
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
DRAWN = {"created", "updated", "accessErrorId", "key"}


def form(key: str, value: object) -> object:
    """A value with what is drawn or dated replaced by its form."""
    if key not in DRAWN:
        return value
    if isinstance(value, str):
        return "instant" if INSTANT.fullmatch(value) else re.sub(r"(?<=ACE)\d{10}|(?<=glsa_).*", "…", value)
    return type(value).__name__


def formed(value: object, key: str = "") -> object:
    """An answer with every drawn or dated value replaced by its form, at any depth."""
    if isinstance(value, dict):
        return {k: formed(v, k) for k, v in value.items()}
    return [formed(v) for v in value] if isinstance(value, list) else form(key, value)


def body_of(call: dict[str, Any]) -> bytes:
    """The bytes that were sent; the recording shortens the huge one."""
    request = call["request"]
    if call["name"] == "huge body":
        request = {**request, "text": "x" * 3_000_000}
    return b"" if request is None else (request if isinstance(request, str) else json.dumps(request)).encode()


def authorised(call: dict[str, Any], tokens: dict[str, str]) -> dict[str, Any]:
    """How httpx is told who calls."""
    match call["auth"].split():
        case ["admin"]:
            return {"auth": ADMIN}
        case ["token", role]:
            return {"headers": {"Authorization": f"Bearer {tokens[role]}"}}
        case ["bad", "token"]:
            return {"headers": {"Authorization": "Bearer glsa_wrong"}}
        case _:
            return {}


def test_the_fake_answers_as_the_recorded_server() -> None:
    """Every recorded call gets from the fake the same status and, but for clocks and drawn numbers, the same body."""
    calls = json.loads(RECORDED.read_text())["answers"]
    tokens: dict[str, str] = {}
    different = []
    with FakeGrafana() as grafana, httpx.Client(base_url=grafana.url, timeout=10) as client:
        for call in calls:
            answer = client.request(call["method"], call["path"], content=body_of(call), **authorised(call, tokens))
            body: Any = answer.json() if answer.content else ""
            if call["name"].startswith("create token"):
                tokens[call["name"].split()[-1]] = body["key"]
            if call["response"] and "dashboard" in call["response"] and call["response"]["dashboard"] == "…":
                body["dashboard"] = "…"
            if (answer.status_code, formed(body)) != (call["status"], formed(call["response"])):
                different.append((call["name"], call["status"], call["response"], answer.status_code, body))
    assert len(calls) == 62
    assert different == []
