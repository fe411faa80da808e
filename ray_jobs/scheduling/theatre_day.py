"""One day in the theatres as discrete events (simpy): lists run in order, surgeons go from theatre to theatre."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import simpy

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Operation:
    """Who, where, by whom, how many minutes were planned, and how many it takes today."""

    patient: str
    theatre: str
    surgeon: str
    planned: float
    lasts: float


@dataclass(slots=True)
class Done:
    """When the last operation of each theatre ended (minutes from its begin), and who was sent home."""

    ended: dict[str, float] = field(default_factory=dict)
    cancelled: list[str] = field(default_factory=list)


def run_day(operations: Sequence[Operation], closing: Mapping[str, int], latest_overtime: int) -> Done:
    """Run the lists, each in the order of `operations`; what is planned to end later than allowed is not begun."""
    world, done = simpy.Environment(), Done()
    surgeons = {o.surgeon: simpy.Resource(world) for o in operations}

    def theatre(name: str) -> Generator[simpy.Event, object, None]:
        for operation in operations:
            if operation.theatre != name:
                continue
            with surgeons[operation.surgeon].request() as surgeon:
                yield surgeon
                if world.now + operation.planned > closing[name] + latest_overtime:
                    done.cancelled.append(operation.patient)
                    continue
                yield world.timeout(operation.lasts)
                done.ended[name] = float(world.now)

    for name in sorted({o.theatre for o in operations}):
        world.process(theatre(name))
    world.run()
    return done
