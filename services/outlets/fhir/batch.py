"""All that one event of ours writes: puts under ids of ours, refusals noted, and an AuditEvent at the end.

A resource that the server refuses holds up no other of the same event: the event goes to the dead letters with what
was refused and why, in words that name nobody. An attempt that fails, or takes too long, goes on where it was.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from schemas.events import Event
from schemas.fhir.audit_event import audit_event
from schemas.fhir.ours import Ref
from schemas.ids import digest
from services.outlets.delivery import NEXT, Next, Outcome
from services.outlets.destination import Attempt
from services.outlets.fhir.people import People
from services.outlets.fhir.server import (
    FhirServer,
    Resource,
    Revise,
    ServerMisconfigured,
    ServerRefused,
    ServerUnavailable,
)
from services.runtime import logs
from services.runtime.errors import StoreUnavailable
from services.runtime.ports import Identity

NAMED = 5
_log = logs.get(__name__)


ATTEMPT_S = 30.0
"""An attempt ends after so long and goes on where it was with the next: the group must hear from us."""


@dataclass(slots=True)
class Batch:
    """`targets`: what was written, or stood already; `refused`: what was not taken, and why; `done`: both, by id."""

    server: FhirServer
    event: Event
    people: People
    hurry: Callable[[], bool] = lambda: False
    targets: list[Ref] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    done: dict[tuple[str, str], Ref | None] = field(default_factory=dict)

    def id(self, kind: str, *names: str) -> str:
        """Deterministic, so that a repeat is the same resource."""
        return digest(self.event.site, kind, *names)

    def put(self, kind: str, id_: str, revise: Revise) -> Ref | None:
        """The resource's reference; None where nothing stands, or the server refused it."""
        if (kind, id_) not in self.done:
            if self.hurry():
                raise ServerUnavailable(f"{len(self.done)} resources written in {ATTEMPT_S:g} s")
            self.done[kind, id_] = self._put(kind, id_, revise)
        return self.done[kind, id_]

    def _put(self, kind: str, id_: str, revise: Revise) -> Ref | None:
        stands = False

        def noted(found: Resource | None) -> Resource | None:
            nonlocal stands
            wanted = revise(found)
            stands = wanted is not None
            return wanted

        try:
            self.server.put(kind, id_, noted)
        except ServerRefused as error:
            self.refused.append(f"{kind}: {error.reason}")
            return None
        if not stands:
            return None
        self.targets.append({"reference": f"{kind}/{id_}"})
        return self.targets[-1]


@dataclass(slots=True)
class Audit:
    """Tells the hospital's own audit trail; a server that takes no AuditEvent from us is not asked again."""

    now: Callable[[], datetime]
    wanted: bool = True

    def tell(self, batch: Batch) -> None:
        """One AuditEvent for the batch; a repeat is the same one, with the time of the first."""
        if not self.wanted or not (batch.targets or batch.refused):
            return
        event, id_ = batch.event, batch.id("AuditEvent", batch.event.id)
        fresh = audit_event(
            id_, site=event.site, cause=event.id, said=type(event).__name__, targets=batch.targets,
            refused=len(batch.refused), at=self.now(),
        )  # fmt: skip
        try:
            batch.server.put("AuditEvent", id_, lambda found: found or fresh)
        except (ServerRefused, ServerMisconfigured) as error:
            self.wanted = False
            _log.warning("the FHIR server takes no AuditEvent: none is written any more", reason=str(error))


def attempted(work: Callable[[], list[str]]) -> Attempt:
    """How the work ended, which returns what was refused: the port's errors as the loop's outcomes."""
    try:
        refused = work()
    except ServerUnavailable as error:
        return Attempt(Outcome.UNAVAILABLE, str(error), error.retry_after_s)
    except StoreUnavailable as error:
        return Attempt(Outcome.UNAVAILABLE, str(error))
    except ServerMisconfigured as error:
        return Attempt(Outcome.MISCONFIGURED, str(error))
    except ServerRefused as error:
        return Attempt(Outcome.REFUSED, error.reason)
    if refused:
        more = f" and {len(refused) - NAMED} more" if len(refused) > NAMED else ""
        return Attempt(Outcome.REFUSED, "; ".join(refused[:NAMED]) + more)
    return Attempt(Outcome.DELIVERED)


class Desk:
    """Where a destination's events are written from, one after the other. Used from one thread."""

    def __init__(
        self,
        server: FhirServer,
        identity: Identity,
        audit: Audit,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server, self._identity, self._audit, self._monotonic = server, identity, audit, monotonic
        self._batch: Batch | None = None

    def attempt(self, event: Event, write: Callable[[Batch], None]) -> Attempt:
        """Write what `write` puts for the event, and go on where the last attempt for it ended."""
        if self._batch is None or self._batch.event.id != event.id:
            self._batch = Batch(self._server, event, People(self._server, self._identity))
        batch, ends = self._batch, self._monotonic() + ATTEMPT_S
        batch.hurry = lambda: self._monotonic() > ends
        attempt = attempted(lambda: self._whole(batch, write))
        if NEXT[attempt.outcome] is not Next.RETRY:
            self._batch = None
        return attempt

    def _whole(self, batch: Batch, write: Callable[[Batch], None]) -> list[str]:
        write(batch)
        self._audit.tell(batch)
        return batch.refused
