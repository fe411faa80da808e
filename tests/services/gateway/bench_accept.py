"""What the gateway's core costs: `python -m tests.services.gateway.bench_accept`; CPU time of this process alone."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import orjson

from schemas.fhir.library import validate
from schemas.fhir.observation_profile import read_bundle
from schemas.fhir.patient import FHIR_AUTHORITY
from schemas.hl7v2.types import Site
from services.gateway.accept import Asked, accept
from services.gateway.accept_hl7v2 import MessageCore
from services.runtime.identity import FakeIdentity
from services.runtime.outgoing import outgoing
from services.runtime.ports import Identifier
from tests.schemas.fhir.documents import bundle, vitals
from tests.schemas.hl7v2.messages import RESULTS

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


def oru(count: int) -> bytes:
    """An ORU^R01 with so many heart rates."""
    obx = (
        f"OBX|{n}|NM|8867-4^Heart rate^LN|{n}|{60 + n}|bpm|||||F|||20260301113000+0100\r" for n in range(1, count + 1)
    )
    return (RESULTS.partition("OBX|1")[0] + "".join(obx)).encode()


def main() -> None:
    """Print a line for each step."""
    identity = FakeIdentity()
    identity.register("main", [Identifier(FHIR_AUTHORITY, "p-1")])
    readings = vitals(encounter={"reference": "Encounter/e-1"})
    document = orjson.dumps(bundle(*readings))
    slow = orjson.dumps(bundle(*(r | {"language": "en"} for r in readings)))
    asked = Asked("main", datetime(2026, 1, 2, 12, tzinfo=UTC), "bench")
    events = accept(document, asked, identity).events
    core, by_v2 = MessageCore(Site(UTC)), Asked("main", datetime(2026, 3, 1, 12, tzinfo=UTC), "bench", origin="hl7v2")
    message = oru(8)
    core(message, by_v2, identity)  # registers the person
    print(f"bundle of 8 vital signs, {len(document)} bytes")
    for name, call in (
        ("orjson alone", lambda: orjson.loads(document)),
        ("read_bundle", lambda: read_bundle(document)),
        ("accept", lambda: accept(document, asked, identity)),
        ("event to message", lambda: [outgoing(e, source="bench", partitions=4) for e in events]),
        ("accept, not in the profile", lambda: accept(slow, asked, identity)),
        (f"HL7 v2, the same, {len(message)} bytes", lambda: core(message, by_v2, identity)),
        ("HL7 v2, 30 results", lambda: core(oru(30), by_v2, identity)),
        ("fhir.resources on the 8", lambda: [validate(r) for r in readings]),
    ):
        print(f"  {name:28} {micros(call):8.0f} µs")


if __name__ == "__main__":
    main()
