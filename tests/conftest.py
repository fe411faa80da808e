"""What all tests share: one Kafka, one Redis, one Ray Serve for a whole run, and the way to the public data."""

import base64
import gc
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from services.embedded.kafka_server import KafkaServer
from services.embedded.processes import free_port
from services.embedded.ray_server import RayOptions, RayServer
from services.embedded.redis_server import RedisServer
from services.embedded.system import System, SystemOptions
from tests import live
from tests.fakes.webhook import FakeReceiver

CHECKOUT = Path(__file__).parents[1]
PICTURES = CHECKOUT / "tests" / "ray_jobs" / "imaging"
"""Networks are trained there: a minute of the half of `make test` that else would end earlier."""
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()

# Whole runs make much and drop little of it: with Python's own thresholds a quarter of the time went into looking for
# garbage (72 s instead of 55 s for 658 tests), up to 0.7 s at once, which a test that measures time took for its own.
gc.set_threshold(50_000, 20, 50)

settings.register_profile("fast", max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


def shared_folder() -> Path | None:
    """The public data beside the checkout, or where WARDWATCH_SHARED says; None where there is none."""
    folder = Path(os.environ.get("WARDWATCH_SHARED") or CHECKOUT.parent / "shared")
    return folder if (folder / "data").is_dir() else None


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public data sets; skips the test where it is not there."""
    folder = shared_folder()
    if folder is None:
        pytest.skip("needs the public data: ../shared beside the checkout, or WARDWATCH_SHARED")
    return folder / "data"


@pytest.fixture(scope="session")
def kafka_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """A real broker, one for the whole run: use topics and groups of your own. Do not kill it."""
    with KafkaServer(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A real Redis, one for the whole run: use keys of your own. Do not kill or flush it."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="session")
def serve_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayServer]:
    """Ray Serve with the application of ray_jobs, one for the whole run. Do not kill it."""
    server = RayServer(tmp_path_factory.mktemp("ray"), RayOptions())
    try:
        yield server.start()
    finally:
        server.stop()


class OneSystem:
    """The whole system with a told clock, started when first asked for and stopped when no further test wants it."""

    def __init__(self) -> None:
        self._running: System | None = None
        self.receiver = FakeReceiver()

    def get(self, folder: Path) -> System:
        """Started, if it is not; its alerts go to a webhook's receiver, set up in the folder."""
        if self._running is None:
            self.receiver.start()
            hook = {"name": "day", "url": self.receiver.url, "secrets": ["WARDWATCH_TEST_SECRET"], "first": "earliest"}
            (folder / "webhooks.json").write_text(json.dumps({"webhooks": [hook]}))
            told = {"WARDWATCH_WEBHOOKS": str(folder / "webhooks.json"), "WARDWATCH_TEST_SECRET": SECRET}
            # What is said must not depend on how busy the machine is: a deadline missed is told, and is another answer.
            told["WARDWATCH_INFERENCE_DEADLINE_S"] = "4"
            told["WARDWATCH_WORKLIST_CALLERS"] = live.READER
            told["WARDWATCH_WORKLIST_PORT"] = str(free_port())
            modes = {"sepsis": {"*": "live"}, "chest-pneumonia": {"*": "live"}}
            self._running = System(SystemOptions(modes=modes, environment=told)).start()
        return self._running

    def stop(self) -> None:
        """Stopped, if it runs."""
        if self._running is not None:
            self._running.stop()
            self.receiver.stop()
            self._running = None


ONE_SYSTEM = OneSystem()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """First the demo, which is a system of its own; then those that share one; then all others, without its load."""
    for item in items:
        if PICTURES in item.path.parents:
            item.add_marker("pictures")
    items.sort(key=lambda item: 0 if is_demo(item) else 1 if wants_system(item) else 2)


def is_demo(item: pytest.Item) -> bool:
    """Whether a test runs the demo, which brings a whole system of its own."""
    return item.path.name == "test_demo.py"


def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """Stop the shared system when the next test does not want it."""
    if nextitem is None or not wants_system(nextitem):
        ONE_SYSTEM.stop()


def wants_system(item: pytest.Item) -> bool:
    """Whether a test uses the shared system."""
    return "system" in getattr(item, "fixturenames", ())


def pytest_sessionfinish() -> None:
    """A run that was cut short leaves nothing behind either."""
    ONE_SYSTEM.stop()


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> System:
    """The whole system with a told clock, one for all tests that use it. Services may be killed: they come back."""
    return ONE_SYSTEM.get(tmp_path_factory.mktemp("system"))


@pytest.fixture
def receiver(system: System) -> FakeReceiver:
    """Where the system's alerts are delivered by webhook."""
    assert system is not None
    return ONE_SYSTEM.receiver


@pytest.fixture(scope="session")
def epochs() -> live.Epochs:
    """Instants for tests that share the system's told clock."""
    return live.Epochs()
