"""What the bench counts: what a window of the log holds, how long alerts took, and the memory of every process."""

import contextlib
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from services.cli.accounting import header, kind
from services.runtime.ports import LogReader, Partition, Record

TOPICS = ("clinical", "risk", "alerts")
GRACE_MS = 1000
"""A reading counts as carried when it was answered no later than this after the window."""
Marks = Mapping[Partition, int]


@dataclass(frozen=True)
class Window:
    """What lies in the log between two marks. `carried` and `accepted` count readings."""

    accepted: int
    carried: int
    unanswered: int
    """Events with readings that have no NEWS2 at all."""
    forecasts: Counter[str] = field(default_factory=Counter)
    forecast_ms: tuple[float, ...] = ()
    """From each chart's record to each of its forecasts'."""
    alert_ms: tuple[float, ...] = ()


def marks(reader: LogReader) -> dict[Partition, int]:
    """Where each partition ends now."""
    return {partition: reader.bounds(partition)[1] for topic in TOPICS for partition in reader.partitions(topic)}


def window(reader: LogReader, since: Marks, ended_ms: float) -> Window:
    """Count everything written since the marks; `ended_ms` is when the load ended (epoch)."""
    records = {topic: list(_records(reader, since, topic)) for topic in TOPICS}
    readings = {
        f"clinical/{r.partition.number}/{r.offset}": (len(orjson.loads(r.value or b"{}")["readings"]), r.timestamp_ms)
        for r in records["clinical"]
        if kind(r) == "ObservationsRecorded"
    }
    answered: dict[str, int] = {}
    forecasts: Counter[str] = Counter()
    waited: list[float] = []
    for record in records["risk"]:
        name, cause = kind(record), header(record, "ce_cause")
        if name == "WarningScoreComputed":
            answered[cause] = record.timestamp_ms
        if cause in readings:
            forecasts[name] += 1
            if name == "RiskForecasted":
                waited.append(float(record.timestamp_ms - readings[cause][1]))
    return Window(
        accepted=sum(n for n, _ in readings.values()),
        carried=sum(
            n for cause, (n, _) in readings.items() if answered.get(cause, float("inf")) <= ended_ms + GRACE_MS
        ),
        unanswered=sum(cause not in answered for cause in readings),
        forecasts=forecasts,
        forecast_ms=tuple(sorted(waited)),
        alert_ms=tuple(sorted(_waits(records["alerts"]))),
    )


def _records(reader: LogReader, since: Marks, topic: str) -> Iterable[Record]:
    for partition, first in since.items():
        if partition.topic == topic:
            yield from reader.read(partition, first, reader.bounds(partition)[1])


def _waits(alerts: Iterable[Record]) -> Iterable[float]:
    """Milliseconds from the gateway's record to the AlertRaised, by the records' own times."""
    for record in alerts:
        accepted = header(record, "ce_accepted")
        if kind(record) == "AlertRaised" and accepted:
            yield float(record.timestamp_ms - int(accepted))


def memory_mb(mark: str) -> dict[str, float]:
    """Proportional set size (proc(5), smaps_rollup) of the system's processes, by what they are."""
    found: Counter[str] = Counter()
    for folder in processes(mark):
        with contextlib.suppress(OSError, StopIteration):
            pss = next(x for x in (folder / "smaps_rollup").read_text().splitlines() if x.startswith("Pss:"))
            found[_what((folder / "cmdline").read_bytes())] += int(pss.split()[1])
    return {name: round(kb / 1024, 1) for name, kb in found.most_common()}


def cpu_s(mark: str) -> dict[str, float]:
    """Processor seconds that the system's processes have used so far (proc(5), stat), by what they are."""
    found: dict[str, float] = defaultdict(float)
    tick = os.sysconf("SC_CLK_TCK")
    for folder in processes(mark):
        with contextlib.suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            found[_what((folder / "cmdline").read_bytes())] += (int(fields[11]) + int(fields[12])) / tick
    return found


def processes(mark: str) -> Iterable[Path]:
    """Folders in /proc of our children and of all whose environment holds the mark (Ray's leave us, Redis hides it)."""
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdigit() and int(folder.name) != os.getpid():
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == os.getpid() or mark.encode() in (folder / "environ").read_bytes():
                    yield folder


def _what(cmdline: bytes) -> str:
    words = cmdline.replace(b"\0", b" ").decode("utf-8", "replace")
    for sign, name in (("services.cli.main up ", ""), ("kafka", "kafka"), ("redis-server", "redis"), ("ray", "ray")):
        if sign in words.lower():
            return name or words.split(sign)[1].split()[0]
    return words.split()[0].rpartition("/")[2] if words.strip() else "other"
