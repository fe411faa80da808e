"""What the gateway's core costs: `python -m tests.services.gateway.bench_accept`; CPU time of this process alone."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import orjson

from schemas.fhir.library import validate
from schemas.fhir.observation_profile import read_bundle
from schemas.fhir.patient import FHIR_AUTHORITY
from services.gateway.accept import Asked, accept
from services.runtime.identity import FakeIdentity
from services.runtime.outgoing import outgoing
from services.runtime.ports import Identifier
from tests.schemas.fhir.documents import bundle, vitals

ROUNDS, REPEATS = 200, 25


def micros(call: Callable[[], object]) -> float:
    """CPU microseconds of a call: the best of several rounds, because other processes disturb."""
    call()
    best = float("inf")
    for _ in range(REPEATS):
        began = time.process_time_ns()
        for _ in range(ROUNDS):
            call()
        best = min(best, (time.process_time_ns() - began) / ROUNDS / 1000)
    return best


def main() -> None:
    """Print a line for each step."""
    identity = FakeIdentity()
    identity.register("main", [Identifier(FHIR_AUTHORITY, "p-1")])
    readings = vitals(encounter={"reference": "Encounter/e-1"})
    document = orjson.dumps(bundle(*readings))
    slow = orjson.dumps(bundle(*(r | {"language": "en"} for r in readings)))
    asked = Asked("main", datetime(2026, 1, 2, 12, tzinfo=UTC), "bench")
    events = accept(document, asked, identity).events
    print(f"bundle of 8 vital signs, {len(document)} bytes")
    for name, call in (
        ("orjson alone", lambda: orjson.loads(document)),
        ("read_bundle", lambda: read_bundle(document)),
        ("accept", lambda: accept(document, asked, identity)),
        ("event to message", lambda: [outgoing(e, source="bench", partitions=4) for e in events]),
        ("accept, not in the profile", lambda: accept(slow, asked, identity)),
        ("fhir.resources on the 8", lambda: [validate(r) for r in readings]),
    ):
        print(f"  {name:28} {micros(call):8.0f} µs")


if __name__ == "__main__":
    main()
