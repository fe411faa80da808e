"""A gateway on fakes, and a client that speaks HTTP to it inside the process."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import httpx
import pytest
from fastapi.testclient import TestClient

from schemas.envelope import decode
from schemas.events import Event
from services.gateway.gateway import Gateway
from services.gateway.main import make_app
from services.runtime.clock import ToldClock
from services.runtime.fake_log import FakeLog
from services.runtime.fakes import FakeObjectStore
from services.runtime.health import Health
from services.runtime.identity import FakeIdentity
from services.runtime.settings import Settings
from tests.schemas.fhir.documents import KNOWN


@dataclass(frozen=True, slots=True)
class Door:
    """A gateway, the log behind it, and a client of it."""

    gateway: Gateway
    log: FakeLog
    http: httpx.Client

    def written(self, topic: str = "clinical") -> list[Event]:
        """All events of a topic, in order of writing within each partition."""
        return [
            decode(record.value, record.headers).event
            for partition, records in sorted(self.log.records.items())
            if partition.topic == topic
            for record in records
        ]


TOKENS = """{
  "sender": {"name": "sender", "scopes": ["publish"]},
  "replayer": {"name": "replayer", "scopes": ["publish", "replay"]},
  "reader": {"name": "reader", "scopes": ["read"]}
}"""


@pytest.fixture
def make_door() -> Iterator[Callable[..., Door]]:
    """Makes doors; `told` for one whose clock is told."""
    clients: list[TestClient] = []

    def make(*, told: bool = False, now: datetime = KNOWN, limit: int = 1_000_000) -> Door:
        log = FakeLog()
        numbers = itertools.count()
        gateway = Gateway(
            site="main", partitions=4, identity=FakeIdentity(lambda: f"key-{next(numbers):08d}"),
            publisher=log.publisher(), objects=FakeObjectStore(), clock=ToldClock(now), told=told,
        )  # fmt: skip
        settings = Settings.model_validate({"tokens": TOKENS, "max_body_bytes": limit})
        client = TestClient(make_app(gateway, settings, Health("gateway")))
        client.headers.update({"Content-Type": "application/fhir+json", "Authorization": "Bearer sender"})
        clients.append(client)
        return Door(gateway, log, client)

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def door(make_door: Callable[..., Door]) -> Door:
    """A door with its own time."""
    return make_door()
