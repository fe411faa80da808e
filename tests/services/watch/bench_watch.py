"""Microseconds per event of watch's core: `python -m tests.services.watch.bench_watch [events]`. CPU time."""

import sys
import time
from collections.abc import Sequence
from datetime import timedelta

from ray_jobs.registry import Card
from services.runtime.ports import Partition
from services.runtime.stage import Received
from services.watch.pack import pack, unpack
from services.watch.stage import WatchStage
from services.watch.state import PatientState
from tests.services.watch.given import (
    CARD,
    COURSE_CARD,
    VITALS,
    minutes,
    observed,
    reading,
    registered,
    requested,
    stage,
    started,
)  # fmt: skip

MANY_HOURS = COURSE_CARD.model_copy(update={"max_hours": 336})


def main(events: int = 2000) -> None:
    """One patient, 8 readings an event, every five minutes for a week; and 10 a second; with one model and with two."""
    for name, step in (("every 5 min", timedelta(minutes=5)), ("10 a second", timedelta(milliseconds=100))):
        for cards in ((CARD,), (CARD, MANY_HOURS)):
            measure(f"{name}, {len(cards)} model{'s' if len(cards) > 1 else ''}", step, events, cards)


def measure(name: str, step: timedelta, events: int, cards: Sequence[Card]) -> None:
    """Print one line."""
    watch = stage("{}", cards)
    state = watch.start("main/patient-0001")
    codes, start = [c for c in VITALS if c != "mean_bp"], minutes(1)
    facts = [
        observed(start + n * step, *(reading(c, VITALS[c] + n % 3, start + n * step) for c in codes))
        for n in range(events)
    ]
    for n, fact in enumerate((registered(), started(), *facts[:20])):
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
    chart = time.process_time() - at
    print(
        f"{name}: {total / (events - 20) * 1e6:.0f} µs/event (fold, NEWS2, feature rows), "
        f"pack {packing / ((events - 20) / 10) * 1e6:.0f} µs, {len(content)} bytes, "
        f"unpack {unpacking * 1e6:.0f} µs, chart anew {chart * 1e6:.0f} µs; "
        f"request {request(watch, state) * 1e6:.0f} µs"
    )


def request(watch: WatchStage, state: PatientState) -> float:
    """Seconds to turn a person's request into questions."""
    at = time.process_time()
    for n in range(100):
        watch.step(state, Received(requested(state.as_of), Partition("decisions", 0), n))
    return (time.process_time() - at) / 100


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
