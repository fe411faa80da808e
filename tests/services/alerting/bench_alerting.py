"""Microseconds per event of alerting's core: `python -m tests.services.alerting.bench_alerting [events]`."""

import sys
import time

from schemas.events import Event
from tests.services.alerting.given import Driver, context, forecast, minutes, score


def main(events: int = 5000) -> None:
    """CPU time of ordinary events, and of scores that go up and down through the levels."""
    for name, totals in (("ordinary", (1, 2, 1)), ("flapping", (8, 1, 1))):
        driver = Driver()
        driver.give(context(minutes(0)))
        facts: list[Event] = [score(minutes(n), totals[n % 3]) for n in range(events // 2)]
        facts += [forecast(minutes(events + n), 0.01) for n in range(events // 2)]
        began = time.process_time()
        driver.give(*facts)
        print(f"{name}: {(time.process_time() - began) / events * 1e6:.0f} µs/event, {len(driver.said)} events out")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
