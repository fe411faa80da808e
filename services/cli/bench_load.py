"""The load generator of `wardwatch bench`, a process of its own: open loop, prepared bodies, kept-alive connections.

Open loop: every request has its moment, whether or not the ones before it were answered, so a slow gateway cannot slow
the offered rate down unseen (coordinated omission). HTTP/1.1 is spoken on the bare socket: a client library would cost
more than the gateway that is measured. Reads a `Load` as JSON from standard input, writes what happened as JSON.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import orjson

from services.simulator import resources as fhir
from services.simulator.hospital import WARDS, Inpatient
from services.simulator.physiology import Body

WELL = {"heart_rate": 74.0, "respiratory_rate": 15.0, "systolic_bp": 124.0, "diastolic_bp": 78.0,
        "temperature": 36.8, "spo2": 97.0}  # fmt: skip
ILL = {"heart_rate": 128.0, "respiratory_rate": 28.0, "systolic_bp": 88.0, "diastolic_bp": 50.0,
       "temperature": 39.4, "spo2": 90.0}  # fmt: skip
"""NEWS2 13 by the RCP's table: an alert at the first chart."""
BUNDLE = 8
"""Readings of a chart: six vital signs, air or oxygen, consciousness."""
_WHO, _NUMBER, _RATE, _EPOCH = b"@WHO@", b"@NUMBER@", b"12345.0", datetime(2001, 1, 1, tzinfo=UTC)
AHEAD_S = 1.0


@dataclass(frozen=True)
class Load:
    """What to send: `rate` requests a second, charts of `patients` in turn, those of `alarms` spread among them."""

    port: int
    token: str
    run: str
    patients: list[str]
    alarms: list[str]
    rate: float
    seconds: float
    single: bool = False
    connections: int = 64


@dataclass
class Outcome:
    """What happened: answers by status, milliseconds to the acknowledgement, how late requests left, when (epoch)."""

    began: float = 0.0
    ended: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict)
    acknowledged_ms: list[float] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)


def inpatient(number: str, admitted: datetime) -> Inpatient:
    """Someone in a bed of the intensive care ward."""
    ward = WARDS[0]
    room, bed = ward.beds()[0]
    return Inpatient(
        mrn=number, family="Bench", given="Mark", sex="female", born=datetime(1960, 5, 1, tzinfo=UTC).date(),
        body=Body(np.random.default_rng(1)), encounter=f"enc-{number}", ward=ward, room=room, bed=bed,
        admitted=admitted,
    )  # fmt: skip


def templates(*, single: bool) -> dict[bool, bytes]:
    """Bodies with places for patient, number, heart rate and time; True is the alarming one."""
    who = inpatient(_WHO.decode(), _EPOCH)
    found = {}
    for ill, values in ((False, WELL), (True, ILL)):
        chart = [
            *fhir.observations(who, _EPOCH, values | {"heart_rate": float(_RATE)}, "vital-signs"),
            *fhir.assessments(who, _EPOCH, oxygen=False, confused=False),
        ]
        for n, resource in enumerate(chart):
            resource["id"] = f"{_NUMBER.decode()}.{n}"
        found[ill] = orjson.dumps(chart[0] if single and not ill else fhir.bundle(chart))
    return found


def requests(load: Load, start: datetime) -> Iterator[tuple[float, bytes]]:
    """(seconds after the start, whole HTTP request), in order."""
    count = max(1, round(load.rate * load.seconds))
    every = count / len(load.alarms) if load.alarms else 0.0
    bodies, alarms = templates(single=load.single), iter(load.alarms)
    head = f"Host: gateway\r\nAuthorization: Bearer {load.token}\r\nContent-Type: application/fhir+json\r\n"
    for n in range(count):
        due = n / load.rate
        ill = bool(every) and int((n + 1) / every) > int(n / every)
        who = next(alarms) if ill else load.patients[n % len(load.patients)]
        taken = fhir.instant(start + timedelta(seconds=due)).encode()
        body = (
            bodies[ill]
            .replace(_WHO, who.encode())
            .replace(_NUMBER, f"{load.run}-{n}".encode())
            .replace(_RATE, b"128.0" if ill else str(70.0 + n % 10).encode())
            .replace(fhir.instant(_EPOCH).encode(), taken)
        )
        path = "/fhir" if ill or not load.single else "/fhir/Observation"
        yield due, f"POST {path} HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def send(load: Load) -> Outcome:
    """Prepare everything, then send each request at its moment."""
    start = datetime.now(UTC)
    prepared = list(requests(load, start))
    outcome = Outcome()
    ready = [await asyncio.open_connection("127.0.0.1", load.port) for _ in range(load.connections)]
    queue = iter(prepared)
    outcome.began = time.time() + AHEAD_S
    began = time.monotonic() + AHEAD_S

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for due, request in queue:
            await asyncio.sleep(max(0.0, began + due - time.monotonic()))
            left = time.monotonic()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.partition(b":")[2]))
            status = head[9:12].decode()
            outcome.statuses[status] = outcome.statuses.get(status, 0) + 1
            outcome.acknowledged_ms.append((time.monotonic() - left) * 1000)
            outcome.late_ms.append((left - began - due) * 1000)
            if time.monotonic() > began + load.seconds + AHEAD_S:
                break  # what is later than this was not carried anyway
        writer.close()

    await asyncio.gather(*(connection(*pair) for pair in ready))
    outcome.ended = time.time()
    return outcome


def main() -> None:
    """Standard input to standard output."""
    load = Load(**json.loads(sys.stdin.read()))
    print(json.dumps(asdict(asyncio.run(send(load)))))


if __name__ == "__main__":
    main()
