"""Microseconds per event of watch's core: `python -m tests.services.watch.bench_watch [events]`."""

import sys
import time
from datetime import timedelta

from services.runtime.ports import Partition
from services.runtime.stage import Received
from services.watch.pack import pack, unpack
from tests.services.watch.given import VITALS, minutes, observed, reading, registered, stage, started


def main(events: int = 2000) -> None:
    """One patient, 8 readings an event, every five minutes for a week; and 10 a second. CPU time."""
    for name, step in (("every 5 min", timedelta(minutes=5)), ("10 a second", timedelta(milliseconds=100))):
        watch = stage()
        state = watch.start("main/patient-0001")
        codes = [c for c in VITALS if c != "mean_bp"]
        start = minutes(1)
        facts = [
            observed(start + n * step, *(reading(c, VITALS[c] + n % 3, start + n * step) for c in codes))
            for n in range(events)
        ]
        for n, fact in enumerate((registered(), started())):
            state, _ = watch.step(state, Received(fact, Partition("clinical", 0), n))
        for n, fact in enumerate(facts[:20]):
            state, _ = watch.step(state, Received(fact, Partition("clinical", 0), n))
        began, packing = time.process_time(), 0.0
        for n, fact in enumerate(facts[20:]):
            state, _ = watch.step(state, Received(fact, Partition("clinical", 0), n))
            if n % 10 == 0:
                at = time.process_time()
                content = pack(state)
                packing += time.process_time() - at
        total = time.process_time() - began - packing
        at = time.process_time()
        again = unpack(content)
        unpacking = time.process_time() - at
        at = time.process_time()
        _ = again.chart
        print(
            f"{name}: {total / (events - 20) * 1e6:.0f} µs/event (fold, NEWS2, feature row), "
            f"pack {packing / ((events - 20) / 10) * 1e6:.0f} µs, {len(content)} bytes, "
            f"unpack {unpacking * 1e6:.0f} µs, chart anew {(time.process_time() - at) * 1e6:.0f} µs"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
