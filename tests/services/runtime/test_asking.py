"""Several models in one turn, over fakes and over HTTP: what one of them does costs the others nothing."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from ray_jobs import wire
from services.runtime import asking
from services.runtime.asking import ask_all
from services.runtime.errors import InferenceUnavailable
from services.runtime.fakes import FakeInference
from services.runtime.inference import HttpInference
from services.runtime.ports import Tensors
from services.runtime.stage import Answer, Ask


def asks(*models: str) -> list[Ask]:
    """A question to each, its place as its row."""
    return [Ask(model, np.array([float(n)]), f"p{n}") for n, model in enumerate(models)]


def test_answers_come_in_the_order_of_the_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the models and however many requests they take."""
    monkeypatch.setattr(asking, "BATCH", 2)
    inference = FakeInference(lambda model, t: {"probability": t["rows"][:, 0] / {"a": 10, "b": 100}[model]})
    found = ask_all(asks(*"abbabab"), inference, service="test", deadline_s=1)
    assert [a.probability for a in found if isinstance(a, Answer)] == [0.0, 0.01, 0.02, 0.3, 0.04, 0.5, 0.06]


def test_a_model_that_hangs_takes_no_time_from_the_others() -> None:
    """All are asked in one call with the whole deadline; after one silence the rest of its rows wait no more."""
    calls: list[str] = []

    def answer(model: str, tensors: Tensors) -> Tensors:
        calls.append(model)
        if model == "a":
            time.sleep(0.4)
            raise InferenceUnavailable(model)
        return {"probability": np.full(len(tensors["rows"]), 0.5)}

    found = ask_all(asks(*"a" * 600, "b", "c"), FakeInference(answer), service="test", deadline_s=0.25)
    assert found[:600] == ["a"] * 600
    assert [a.probability for a in found[600:] if isinstance(a, Answer)] == [0.5, 0.5]
    assert sorted(calls) == ["a", "b", "c"]


def test_nobody_is_asked_where_no_model_answers() -> None:
    """The canary says no: each question has its reason, at no cost."""
    inference = FakeInference(lambda _, t: t)
    inference.down = True
    assert ask_all(asks("a", "b"), inference, service="test", deadline_s=1) == ["the models do not answer"] * 2
    assert inference.calls == 0


def test_an_answer_that_is_no_probability_is_a_miss() -> None:
    """It costs the one forecast."""
    inference = FakeInference(lambda *_: {"probability": np.array([np.nan, 0.5, 1.5])})
    nan, half, more = ask_all(asks("a", "a", "a"), inference, service="test", deadline_s=1)
    assert (nan, more) == ("a: answered nan, which is no probability", "a: answered 1.5, which is no probability")
    assert isinstance(half, Answer)


class Door(BaseHTTPRequestHandler):
    """Model a answers, b refuses, c is silent: as the real door tells of them when asked together."""

    asked: list[str]

    def do_GET(self) -> None:
        self._say(200, b"{}")

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["content-length"]))
        answers, errors = {}, {}
        for model, part in wire.apart(wire.decode(content)).items():
            self.asked.append(model)
            if model == "a":
                answers[model] = wire.encode({"probability": wire.decode(part).tensors["rows"][:, 0]})
            else:
                errors[model] = "HTTP 409: another version" if model == "b" else wire.SILENT
        if "d" in errors:
            time.sleep(0.3)
        self._say(200, wire.together(answers, errors))

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def door() -> Iterator[HttpInference]:
    """The port before a small door."""
    Door.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield HttpInference(f"http://127.0.0.1:{server.server_address[1]}")
    server.shutdown()


def test_over_http_one_model_silences_no_other(door: HttpInference) -> None:
    """A refusal and a silence are told as such; the next turn asks on, and leaves the silent one alone for a second."""
    for _ in range(2):
        found = ask_all(asks("a", "b", "c"), door, service="test", deadline_s=0.1)
        assert isinstance(found[0], Answer)
        assert found[1] == "b: HTTP 409: another version"
        assert found[2] in {"c: did not answer in time", "c: did not answer a moment ago"}
    assert sorted(Door.asked) == ["a", "a", "b", "b", "c"]


def test_a_door_that_hangs_is_a_silence_of_all_it_was_asked_for(door: HttpInference) -> None:
    """The deadline holds, each question has its reason, and nobody is asked again at once."""
    began = time.monotonic()
    found = ask_all(asks("a", "d"), door, service="test", deadline_s=0.2)
    assert time.monotonic() - began < 0.39
    assert found == ["a: ReadTimeout", "d: ReadTimeout"]
    assert door.together({"a": {"rows": np.zeros((1, 1))}}, deadline_s=0.1)["a"].args == (
        "a: did not answer a moment ago",
    )  # type: ignore[union-attr]
