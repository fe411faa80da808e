"""The Serve application: on a real Ray, what is asked over HTTP, and how its arguments are read."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from pydantic import ValidationError

from ray_jobs import wire
from ray_jobs.application import Arguments, Imaging, Placement, build
from ray_jobs.registry import list_models
from ray_jobs.risk.local import Scorer
from ray_jobs.risk.names import FEATURES
from services.embedded.ray_server import RayServer

ROWS = np.linspace(-5, 200, 3 * len(FEATURES)).reshape(3, -1)
CALL_S = 20


@pytest.fixture(scope="module")
def door(serve_stack: RayServer) -> Iterator[httpx.Client]:
    """A client of the running application."""
    with httpx.Client(base_url=serve_stack.url, timeout=CALL_S) as client:
        yield client


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Status and the text of the error."""
    return answer.status_code, str(answer.json()["error"])


@pytest.mark.servers
def test_served_probabilities_are_the_offline_ones(door: httpx.Client) -> None:
    """What Ray answers equals the scorer in this process to the bit, contributions included."""
    answer = door.post("/infer/sepsis", content=wire.encode({"rows": ROWS}, {"explain_above": "0"}))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == wire.CONTENT_TYPE
    message = wire.decode(answer.content)
    expected = Scorer("sepsis").infer(wire.Message({"rows": ROWS}, {"explain_above": "0"}))
    assert message.metadata == expected.metadata
    assert message.tensors.keys() == expected.tensors.keys()
    for name, array in expected.tensors.items():
        assert message.tensors[name].tobytes() == array.tobytes()


@pytest.mark.servers
def test_every_model_of_the_registry_is_served_and_healthy(door: httpx.Client) -> None:
    """All live models are listed and answer a canary each; the common page asks the risk models."""
    served = door.get("/infer/models").json()
    live = {card.name for card in list_models() if card.live}
    assert {model["name"] for model in served["models"]} == live
    assert served["absent"] == {}
    assert set(door.get("/infer/health").json()["models"]) == {"sepsis", "deterioration"}
    for name in live:
        answer = door.get(f"/infer/health/{name}")
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")


@pytest.mark.servers
def test_each_wrong_question_gets_its_own_answer(door: httpx.Client) -> None:
    """Unknown model or page 404, no message or wrong rows 400, another version 409, too large 413: each says why."""
    status, text = refused(door.post("/infer/nothing", content=b""))
    assert status == 404
    assert "sepsis" in text
    assert refused(door.get("/infer/nothing"))[0] == 404
    assert refused(door.get("/infer/health/nothing"))[0] == 404
    assert refused(door.post("/infer/sepsis", content=b"no message"))[0] == 400
    assert refused(door.post("/infer/sepsis", content=wire.encode({"rows": np.zeros((1, 3))})))[0] == 400
    assert refused(door.post("/infer/sepsis", content=wire.encode({"rows": ROWS}, {"version": "0"})))[0] == 409
    for card in list_models():
        if card.kind == "network":
            wrong = wire.encode({"pixels": np.zeros((1, 2, 2), dtype=np.uint8)})
            status, text = refused(door.post(f"/infer/{card.name}", content=wrong))
            assert status == 400
            assert "Traceback" not in text


@pytest.mark.servers
def test_a_request_too_large_is_refused(door: httpx.Client) -> None:
    """More bytes than the wire allows get 413."""
    assert refused(door.post("/infer/sepsis", content=bytes(wire.MAX_BYTES + 1)))[0] == 413


@pytest.mark.parametrize(
    "args",
    [{"modles": []}, {"door": {"num_replicas": 0}}, {"imaging": {"runtime": "cuda"}}, {"models": ["Bad Name"]}],
)
def test_wrong_arguments_are_refused(args: dict[str, object]) -> None:
    """A misspelt, impossible or unknown argument stops the deployment with its name."""
    with pytest.raises(ValidationError, match=next(iter(args))):
        build(args)


def test_placements_become_serve_options() -> None:
    """Replicas, CPUs, GPUs and queue lengths go to Serve as they stand in the configuration."""
    assert Placement(num_replicas=2, num_cpus=0.5).options() == {
        "num_replicas": 2,
        "max_ongoing_requests": 64,
        "max_queued_requests": 256,
        "ray_actor_options": {"num_cpus": 0.5, "num_gpus": 0},
    }
    assert Imaging(num_gpus=1).options()["ray_actor_options"] == {"num_cpus": 0.1, "num_gpus": 1}
    assert Arguments().models is None


@pytest.mark.servers
def test_several_models_are_asked_in_one_request(door: httpx.Client) -> None:
    """Each answers as if it were asked alone; what is wrong with one is told by its name, and the others answer."""
    part = wire.encode({"rows": ROWS})
    body = wire.together({"sepsis": part, "nothing": part, "deterioration": b"no message"}, {"deadline_s": "10"})
    answer = wire.decode(door.post("/infer/together", content=body).content)
    alone = wire.decode(door.post("/infer/sepsis", content=part).content)
    answers = wire.apart(answer)
    assert set(answers) == {"sepsis"}
    assert (wire.decode(answers["sepsis"]).tensors["probability"] == alone.tensors["probability"]).all()
    assert answer.metadata["nothing"].startswith("HTTP 404: model nothing")
    assert answer.metadata["deterioration"].startswith("HTTP 400: not a safetensors message")
    assert refused(door.post("/infer/together", content=b"no message"))[0] == 400
    assert refused(door.post("/infer/together", content=wire.together({}, {"deadline_s": "soon"})))[0] == 400


@pytest.mark.servers
def test_a_model_without_time_left_is_silent_and_says_so(door: httpx.Client) -> None:
    """With no time at all no model answers; the request does, and names them."""
    body = wire.together({"sepsis": wire.encode({"rows": ROWS})}, {"deadline_s": "0"})
    answer = wire.decode(door.post("/infer/together", content=body).content)
    assert (answer.tensors, answer.metadata) == ({}, {"sepsis": wire.SILENT})
