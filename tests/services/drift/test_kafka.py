"""Drift on a real broker: facts in, measurements out in one transaction with the offsets."""

import time
from dataclasses import replace

import pytest

from schemas.envelope import decode
from schemas.events import Event, ModelDriftFound, ModelDriftMeasured
from services.drift.loop import INPUTS, SERVICE, DriftLoop, Parts
from services.embedded.kafka_server import KafkaServer
from services.runtime.clock import ToldClock
from services.runtime.fakes import FakeObjectStore
from services.runtime.health import Health
from services.runtime.kafka_log import KafkaPublisher, KafkaReader, KafkaWorker, create_topics
from services.runtime.outgoing import outgoing
from services.runtime.ticks import TickSource
from tests.services.drift.given import Beds, Ward, at, forecast, watchable

SITE, MODEL = "drift-on-kafka", "sepsis-on-kafka"
HOURS = 12


def ours(event: Event) -> Event:
    """The same fact of a site and a model that no other test uses."""
    model = {"model": MODEL} if hasattr(event, "model") else {}
    return event.model_copy(update={"site": SITE, **model})


@pytest.mark.servers
def test_measurements_come_out_of_a_real_log(kafka_server: KafkaServer) -> None:
    """Each closed hour is told once, the unit is found; a second process tells nothing again."""
    create_topics(kafka_server.address, 4)
    facts = [fact for _, hour in Beds(beds=30).hours(0, HOURS, Ward(fahrenheit=True)) for fact in hour]
    facts.append(forecast(999, at(HOURS + 1.5), 0.1))  # its time tells the clock that the hours have ended
    publisher = KafkaPublisher(kafka_server.address)
    publisher.publish([outgoing(ours(fact), source="test", partitions=4) for fact in facts]).result(30)
    publisher.close()
    first = told(kafka_server, HOURS, seconds=60)
    assert [e.as_of for e in first if isinstance(e, ModelDriftMeasured)] == [at(h + 1) for h in range(HOURS)]
    assert [e.measure for e in first if isinstance(e, ModelDriftFound)] == ["temperature distribution"]
    assert told(kafka_server, HOURS + 1, seconds=6) == first


def told(server: KafkaServer, measurements: int, seconds: float) -> list[Event]:
    """Run drift until the log holds so many measurements of our site, or so long; what it holds of it."""
    clock = ToldClock()
    models = {MODEL: replace(watchable()["sepsis"], model=MODEL)}
    parts = Parts(
        worker=lambda: KafkaWorker(server.address, SERVICE, INPUTS), reader=lambda: KafkaReader(server.address),
        objects=FakeObjectStore(), clock=clock, health=Health(SERVICE), partitions=4, site=SITE, models=models,
    )  # fmt: skip
    loop, worker, ticks = DriftLoop(parts), parts.worker(), TickSource(clock)
    found: list[Event] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until and sum(isinstance(e, ModelDriftMeasured) for e in found) < measurements:
        loop.turn(worker, ticks)
        found = _models(server)
    worker.close()
    return found


def _models(server: KafkaServer) -> list[Event]:
    reader = KafkaReader(server.address)
    try:
        events = [
            decode(record.value, record.headers).event
            for partition in reader.partitions("models")
            for record in reader.read(partition, *reader.bounds(partition))
        ]
        return [event for event in events if event.site == SITE]
    finally:
        reader.close()
