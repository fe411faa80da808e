"""How soon 200 screens see a change on a board of 500 patients: `python -m tests.services.console.bench_reach`.

The console runs in a process of its own on a log in memory; this process is the screens. Every row's alert carries the
instant at which it was put into the log, each screen notes when it read that. Figures: docs/benchmarks/console.md.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import re
import sys
import time
from collections import defaultdict
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from schemas.events import AlertRaised, EncounterStarted, Event, LocationDefined, Place
from services.runtime.outgoing import outgoing
from tests.browser.example_event import NOW, event, key_of
from tests.browser.example_vitals import Course, one_round
from tests.browser.example_ward import ExampleWard
from tests.browser.running import running_console

STAMP = re.compile(rb"put (\d+\.\d+)")
RAISED_AGAIN_S = 0.25
BEDS_OF_A_WARD = 25


def hospital(patients: int) -> ExampleWard:
    """Wards of 25 beds, each patient with three rounds of vital signs."""
    found: list[Event] = []
    for n in range(patients):
        ward, key = f"W{n // BEDS_OF_A_WARD:02d}", key_of(n)
        if n % BEDS_OF_A_WARD == 0:
            found.append(event(LocationDefined, NOW - timedelta(days=2), ward, location=ward, kind="ward", name=ward))
        place = Place(ward=ward, room=f"{ward}-{n % BEDS_OF_A_WARD // 2}", bed=f"{ward}-{n % BEDS_OF_A_WARD:02d}")
        at = NOW - timedelta(hours=20)
        found.append(event(EncounterStarted, at, key, patient=key, encounter="e", started=at, place=place))
        for minutes in (95, 65, 35):
            found += one_round(Course(n, 60, "", 0, oxygen_scale=1), NOW - timedelta(minutes=minutes))
    return ExampleWard(events=found)


def serve(patients: int, seconds: float, charts: float, told: Connection) -> None:
    """The console and its log; writes for `seconds` once it is told to, then says what processor time that took."""
    with TemporaryDirectory() as folder, running_console(Path(folder), hospital(patients)) as console:
        told.send(console.url)
        told.recv()
        begun, used, n, next_alert = time.monotonic(), time.process_time(), 0, 0.0
        while (passed := time.monotonic() - begun) < seconds:
            n += 1
            at = NOW + timedelta(seconds=n)
            course = Course(n % patients, 60, "", 0, oxygen_scale=1)
            events = one_round(course, at)
            if passed >= next_alert:
                next_alert += RAISED_AGAIN_S
                key = key_of(n % patients)
                events.append(
                    event(AlertRaised, at, key, n, patient=key, alert=f"alert-{n}", kind="sepsis", severity="red",
                          at=at, summary=f"put {time.time():.4f}", source="x")
                )  # fmt: skip
            console.log.append([outgoing(e, source="bench", partitions=4) for e in events])
            time.sleep(max(0.0, n / charts - (time.monotonic() - begun)))
        time.sleep(2)
        told.send({"cpu_s": time.process_time() - used, "wall_s": time.monotonic() - begun, "rounds": n})
        told.recv()


async def screen(url: str, seen: dict[bytes, list[float]], ready: asyncio.Event) -> None:
    """One browser: reads the stream and notes, for each stamp it has not met, how long ago it was put."""
    host, port = urlsplit(url).hostname, urlsplit(url).port
    reader, writer = await asyncio.open_connection(host, port, limit=2**24)
    writer.write(b"GET /events?page=board HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sister-token\r\n\r\n")
    met: set[bytes] = set()
    try:
        while line := await reader.readuntil(b"\n"):
            if line.startswith(b"event: beat"):
                ready.set()
            now = time.time()
            for stamp in STAMP.findall(line):
                if stamp not in met:
                    met.add(stamp)
                    seen[stamp].append(now - float(stamp))
    except (asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def measure(url: str, screens: int, told: Connection) -> dict[str, object]:
    """Open the screens, let the console write, and put the delays in order."""
    seen: dict[bytes, list[float]] = defaultdict(list)
    ready = [asyncio.Event() for _ in range(screens)]
    tasks = [asyncio.create_task(screen(url, seen, one)) for one in ready]
    await asyncio.gather(*(one.wait() for one in ready))
    used = time.process_time()
    told.send("go")
    loop = asyncio.get_running_loop()
    spent = await loop.run_in_executor(None, told.recv)
    for task in tasks:
        task.cancel()
    delays = sorted(delay for told_to in seen.values() for delay in told_to)
    return {
        "screens": screens, "alerts": len(seen), "seen": len(delays), "missed": len(seen) * screens - len(delays),
        "p50_s": _at(delays, 0.5), "p99_s": _at(delays, 0.99), "most_s": round(delays[-1], 3),
        "console_cores": round(spent["cpu_s"] / spent["wall_s"], 3),
        "screens_cores": round((time.process_time() - used) / spent["wall_s"], 3),
        "charts_per_s": round(spent["rounds"] / spent["wall_s"], 1), "load": os.getloadavg()[0], "cpus": os.cpu_count(),
    }  # fmt: skip


def _at(ordered: list[float], level: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(level * len(ordered)))], 3)


def main() -> None:
    """Run once and print JSON."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--screens", type=int, default=200)
    options.add_argument("--patients", type=int, default=500)
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--charts", type=float, default=10, help="rounds of vital signs a second")
    given = options.parse_args()
    here, there = multiprocessing.Pipe()
    console = multiprocessing.get_context("spawn").Process(
        target=serve, args=(given.patients, given.seconds, given.charts, there), daemon=True
    )
    console.start()
    shown = asyncio.run(measure(here.recv(), given.screens, here))
    here.send("done")
    console.join(timeout=10)
    sys.stdout.write(json.dumps({"patients": given.patients} | shown, indent=1) + "\n")


if __name__ == "__main__":
    main()
