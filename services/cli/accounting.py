"""What went in against what is there: counted from the log, the states and the console's store, not assumed."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from schemas.ids import digest
from schemas.topics import TOPICS
from services.embedded.system import System
from services.runtime.kafka_log import KafkaReader
from services.runtime.ports import LogReader, Partition, Record
from services.runtime.redis_store import RedisStateStore
from services.watch.pack import seen
from services.watch.readings import fingerprint
from services.watch.stage import WatchStage

OUTPUTS = ("risk", "findings", "alerts")
"""Topics in which every event id may stand once."""


@dataclass(frozen=True)
class Summary:
    """What `wardwatch demo --json` prints."""

    readings: dict[str, int]
    images: dict[str, int]
    alerts: dict[str, int]
    latency_ms: dict[str, float | None]
    stages: dict[str, dict[str, int]]
    forecasts: dict[str, int] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Nothing lost, nothing twice, and something was sent."""
        return self.readings["acknowledged"] > 0 and not self.readings["lost"] and not self.readings["duplicated"]

    def json(self) -> str:
        """One JSON object."""
        return json.dumps(asdict(self))


def account(system: System, report: Path) -> Summary:
    """Compare what the simulator had acknowledged with what the system holds."""
    sent = json.loads(report.read_text())
    site, partitions = system.settings.site, system.settings.partitions
    acknowledged = {reading_mark(site, *reading) for reading in sent["readings"]}
    applied, repeated = held(system, partitions)
    reader = KafkaReader(system.stack.kafka.address)
    try:
        log = {topic: list(records(reader, topic)) for topic in ("clinical", "quarantine", *OUTPUTS)}
    finally:
        reader.close()
    kinds = {topic: Counter(kind(r) for r in log[topic]) for topic in log}
    twice = sum(n - 1 for topic in OUTPUTS for n in Counter(header(r, "ce_id") for r in log[topic]).values())
    waits = sorted(latencies(log))
    return Summary(
        readings={
            "acknowledged": len(acknowledged), "applied": len(acknowledged & applied),
            "by_hl7v2": sum(reading[0].startswith("|") for reading in sent["readings"]),
            "quarantined": sent["quarantined"], "lost": len(acknowledged - applied), "duplicated": repeated + twice,
        },
        images={"stored": sent["images"], "reported": kinds["findings"]["ImagingFindingReported"]},
        alerts={"raised": kinds["alerts"]["AlertRaised"], "delivered": on_console(system)},
        latency_ms={"p50": quantile(waits, 0.5), "p99": quantile(waits, 0.99)},
        stages={name: stage(system, name) for name in system.options.services},
        forecasts={name: kinds["risk"][name] for name in ("WarningScoreComputed", "RiskForecasted", "ForecastMissed")},
    )  # fmt: skip


def reading_mark(site: str, observation: str, code: str, taken: str, value: float) -> int:
    """The mark that watch keeps of a reading of an Observation without a version (schemas.fhir.observation)."""
    source = f"{digest(site, '', 'Observation', observation)}/{code}"
    return fingerprint(digest(source, "", datetime.fromisoformat(taken).astimezone(UTC).isoformat(), value))


def held(system: System, partitions: int) -> tuple[set[int], int]:
    """Marks of all readings in the states of watch, and how many stand in more than one place."""
    store = RedisStateStore(system.stack.redis.url)
    found: set[int] = set()
    repeated = 0
    for number in range(partitions):
        loaded = store.load(WatchStage.service, number)
        for content in (loaded[1] if loaded else {}).values():
            marks = seen(content)
            repeated += len(found & marks)
            found |= marks
    return found, repeated


def records(reader: LogReader, topic: str) -> Iterator[Record]:
    """Everything that lies in a topic."""
    assert topic in TOPICS  # noqa: S101 - a slip of ours, not of the data
    for partition in reader.partitions(topic):
        yield from reader.read(partition, *reader.bounds(partition))


def header(record: Record, name: str) -> str:
    """A header's text, or ''."""
    return next((v.decode() for k, v in record.headers if k == name), "")


def kind(record: Record) -> str:
    """The event's name."""
    return header(record, "ce_type").removeprefix("wardwatch.").removesuffix(".v1")


def latencies(log: dict[str, list[Record]]) -> Iterator[float]:
    """Milliseconds of real time from the gateway's record to the AlertRaised that it caused."""
    by_place = {(r.partition, r.offset): r for topic in ("clinical", "risk") for r in log[topic]}
    for alert in log["alerts"]:
        if kind(alert) != "AlertRaised":
            continue
        record: Record | None = alert
        while record is not None and record.partition.topic != "clinical":
            record = by_place.get(place(header(record, "ce_cause")))
        if record is not None:
            yield float(alert.timestamp_ms - record.timestamp_ms)


def place(cause: str) -> tuple[Partition, int]:
    """`topic/partition/offset` as a place; a cause that is no record is no place of any."""
    topic, _, rest = cause.partition("/")
    number, _, offset = rest.partition("/")
    if not (number.isdigit() and offset.isdigit()):
        return Partition("", -1), -1
    return Partition(topic, int(number)), int(offset)


def quantile(ordered: list[float], q: float) -> float | None:
    """The nearest-rank quantile; None of nothing."""
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))] if ordered else None


def on_console(system: System) -> int:
    """Alerts that the console can show."""
    path = system.settings.console_db_url.removeprefix("sqlite:///")
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        return int(db.execute("SELECT count(*) FROM alerts").fetchone()[0])


def stage(system: System, name: str) -> dict[str, int]:
    """How many events a service read and how many it has yet to read, from its own metrics."""
    found = {"count": 0, "lag": 0}
    answer = httpx.get(
        f"{system.url(name)}/metrics", headers={"Authorization": f"Bearer {system.tokens['admin']}"}, timeout=5.0
    )
    if answer.status_code != httpx.codes.OK:
        return found
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            mine = sample.labels.get("service", name) == name or sample.labels.get("service", "").startswith(name)
            if sample.name == "wardwatch_events_total" and sample.labels.get("way") == (
                "out" if name == "gateway" else "in"
            ):
                found["count"] += int(sample.value)
            elif sample.name == "wardwatch_lag" and mine:
                found["lag"] += int(sample.value)
    return found
