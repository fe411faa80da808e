"""An outlet to a FHIR server on the log in memory, whose time is a number that a test moves."""

from collections.abc import Callable
from typing import Any

from schemas.envelope import decode
from schemas.events import Event, Quarantined
from schemas.fhir.library import validate
from services.outlets.destination import Destination
from services.outlets.fhir.outlet import HospitalServer
from services.outlets.fhir.remember import remembered
from services.outlets.fhir.server import FhirServer, MemoryServer, Resource, ServerUnavailable
from services.outlets.loop import Outlet
from services.runtime.fake_log import FakeLog
from services.runtime.outgoing import outgoing
from services.runtime.ports import Identity
from tests.services.outlets.fhir.plans import hospital, identity

Make = Callable[["Bench"], Destination]


def plans(bench: "Bench") -> Destination:
    """What writes plans."""
    return HospitalServer(
        bench.server, bench.people, lambda p, n: remembered(bench.log.reader(), p, n), monotonic=lambda: bench.time
    )


class Bench:
    """A log, a server, people, and the destination that `make` makes, delivered to by the outlets' own loop."""

    def __init__(self, server: FhirServer | None = None, make: Make = plans, people: Identity | None = None) -> None:
        self.log = FakeLog()
        self.memory = MemoryServer()
        for resource in hospital():
            self.memory.standing[resource["resourceType"], resource["id"]] = resource
        self.server: FhirServer = server or self.memory
        self.people: Identity = people or identity()
        self.time = 0.0
        self.make = make
        self.start()

    def start(self) -> None:
        """A new process in the same slot, as after a kill."""
        destination = self.make(self)
        worker = self.log.worker(f"outlets-{destination.name}", destination.topics)
        self.outlet = Outlet(worker, destination, monotonic=lambda: self.time, jitter=lambda: 0.0)
        self.outlet.turn(0.0)

    def say(self, *events: Event) -> None:
        """What other services write."""
        self.log.append([outgoing(e, source="console", partitions=4) for e in events])

    def turns(self, count: int = 3, seconds: float = 0.0) -> None:
        """That many turns, with time between them."""
        for _ in range(count):
            self.outlet.turn(0.0)
            self.time += seconds

    def standing(self, kind: str) -> list[Resource]:
        """The resources of a type in memory."""
        return [r for (k, _), r in sorted(self.memory.standing.items()) if k == kind]

    def invalid(self) -> list[tuple[str, object]]:
        """What stands in memory and is no valid R4 resource, and why."""
        found = [(kind, validate(r)) for (kind, _), r in self.memory.standing.items()]
        return [(kind, verdict) for kind, verdict in found if verdict is not None]

    def buried(self) -> list[Quarantined]:
        """The dead letters."""
        records = [r for p, batch in self.log.records.items() if p.topic == "quarantine" for r in batch]
        events = [decode(r.value, r.headers).event for r in records]
        return [e for e in events if isinstance(e, Quarantined)]


def times(resources: list[Resource]) -> list[tuple[Any, Any]]:
    """Status and start of appointments."""
    return sorted((r["status"], r.get("start")) for r in resources)


def fail_at(server: MemoryServer, call: int) -> None:
    """Make the nth read or search from now fail once."""
    calls = 0

    def counting(inner: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:  # noqa: ANN401 - passes them on
            nonlocal calls
            calls += 1
            if calls == call:
                raise ServerUnavailable("just now")
            return inner(*arguments)

        return counted

    server.read = counting(server.read)  # type: ignore[method-assign]  # a fault, injected at the port
    server.search = counting(server.search)  # type: ignore[method-assign]
