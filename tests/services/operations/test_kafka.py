"""Operations on a real broker: facts in, plans out in one transaction with the offsets."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from schemas.envelope import decode
from schemas.events import BedDemandForecasted, Event, ScheduleProposed, WardOccupancyChanged
from services.embedded.kafka_server import KafkaServer
from services.operations.loop import INPUTS, SERVICE, OperationsLoop, Parts
from services.runtime.clock import ToldClock
from services.runtime.fakes import FakeObjectStore
from services.runtime.health import Health
from services.runtime.kafka_log import KafkaPublisher, KafkaReader, KafkaWorker, create_topics
from services.runtime.outgoing import outgoing
from services.runtime.ticks import TickSource
from tests.services.operations.test_core import asks, came, hospital

Told = dict[str, list[object]]
SITE = "operations-on-kafka"


def at_site(event: Event) -> Event:
    """The same fact at a site that no other test uses."""
    return event.model_copy(update={"site": SITE})


@pytest.mark.servers
def test_plans_come_out_of_a_real_log(kafka_server: KafkaServer) -> None:
    """Counts, forecasts and a proposal are read back by a committed reader; a second start tells nothing again."""
    create_topics(kafka_server.address, 4)
    facts = [at_site(e) for e in (*hospital(), *came(1, "b1"), asks(1))]
    publisher = KafkaPublisher(kafka_server.address)
    publisher.publish([outgoing(e, source="test", partitions=4) for e in facts]).result(30)
    publisher.close()
    first = told(kafka_server, lambda found: {"proposal", "demand", "counts"} <= found.keys())
    assert dict(first["counts"]) == {"5a": 1, "ch": 0, None: 1}  # the last word about each: places may be read first
    assert set(first["demand"]) == {"5a", "ch", None}
    assert first["proposal"] == ["b2"]
    second = told(kafka_server, lambda found: len(found.get("demand", [])) > 3, seconds=6)
    assert second["counts"] == first["counts"]
    assert second["proposal"] == first["proposal"]


def told(server: KafkaServer, enough: Callable[[Told], bool], seconds: float = 40) -> Told:
    """Run operations until the log holds enough and its own words are read back, or so long; what it holds of us."""
    clock = ToldClock()
    parts = Parts(
        worker=lambda: KafkaWorker(server.address, SERVICE, INPUTS), reader=lambda: KafkaReader(server.address),
        objects=FakeObjectStore(), clock=clock, health=Health(SERVICE), partitions=4, site=SITE,
    )  # fmt: skip
    loop, worker, ticks = OperationsLoop(parts), parts.worker(), TickSource(clock)
    found: Told = {}
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(1) as pool:
        while time.monotonic() < until and not (enough(found) and not loop._jobs and _all_read(server, loop)):
            loop.turn(worker, ticks, pool)
            found = _plans(server)
    worker.close()
    return found


def _all_read(server: KafkaServer, loop: OperationsLoop) -> bool:
    """Whether no topic holds a record that operations has not folded, however slow the broker was to give it."""
    reader = KafkaReader(server.address)
    try:
        return bool(loop.offsets) and not any(
            any(True for _ in reader.read(partition, offset, reader.bounds(partition)[1]))
            for partition, offset in loop.offsets.items()
        )
    finally:
        reader.close()


def _plans(server: KafkaServer) -> Told:
    reader = KafkaReader(server.address)
    found: Told = {}
    try:
        for partition in reader.partitions("plans"):
            for record in reader.read(partition, *reader.bounds(partition)):
                event = decode(record.value, record.headers).event
                if event.site != SITE:
                    continue
                match event:
                    case WardOccupancyChanged():
                        found.setdefault("counts", []).append((event.ward, event.occupied))
                    case BedDemandForecasted():
                        found.setdefault("demand", []).append(event.ward)
                    case ScheduleProposed():
                        found.setdefault("proposal", []).extend(a.bed for a in event.assignments)
    finally:
        reader.close()
    return {name: sorted(values, key=str) for name, values in found.items()}
