"""All that one event of ours writes: puts under ids of ours, refusals noted, and an AuditEvent at the end.

A resource that the server refuses holds up no other of the same event: the event goes to the dead letters with what
was refused and why, in words that name nobody.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from schemas.events import Event
from schemas.fhir.audit_event import audit_event
from schemas.fhir.ours import Ref
from schemas.ids import digest
from services.outlets.delivery import Outcome
from services.outlets.destination import Attempt
from services.outlets.fhir.server import FhirServer, Revise, ServerMisconfigured, ServerRefused, ServerUnavailable
from services.runtime import logs
from services.runtime.errors import StoreUnavailable

NAMED = 5
_log = logs.get(__name__)


@dataclass(slots=True)
class Batch:
    """`targets`: what was written, or stood already; `refused`: what was not taken, and why."""

    server: FhirServer
    event: Event
    targets: list[Ref] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def id(self, kind: str, *names: str) -> str:
        """Deterministic, so that a repeat is the same resource."""
        return digest(self.event.site, kind, *names)

    def put(self, kind: str, id_: str, revise: Revise) -> Ref | None:
        """The resource's reference; None where nothing stands, or the server refused it."""
        stands = False

        def noted(found: dict[str, object] | None) -> dict[str, object] | None:
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
        reference = {"reference": f"{kind}/{id_}"}
        if reference not in self.targets:
            self.targets.append(reference)
        return reference


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
