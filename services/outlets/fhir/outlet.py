"""The FHIR outlet: what an administrator decided about a plan is written back to the hospital's server.

A decision is many resources. One that the server refuses goes to the dead letters in the decision's name and
holds up no other; while the server is away the decision waits where it stopped, and all others behind it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from schemas.events import Event, ScheduleDecided, ScheduleProposed
from services.outlets.delivery import NEXT, Next, Outcome
from services.outlets.destination import Attempt
from services.outlets.fhir.batch import ATTEMPT_S, Audit, Batch, attempted
from services.outlets.fhir.effects import Ask, Book, CallOff, Cancel, Effect, effects
from services.outlets.fhir.people import People
from services.outlets.fhir.plans import Change, Plans
from services.outlets.fhir.server import FhirServer, ServerRefused, ServerUnavailable
from services.outlets.fhir.writing import Writer
from services.runtime.ports import Identity, Partition


@dataclass(slots=True)
class _Progress:
    """How far the decision at hand was written."""

    writer: Writer
    done: int = 0
    refused: list[str] = field(default_factory=list)


class HospitalServer:
    """A FHIR server as a destination."""

    name = "fhir"
    topics = ("plans",)

    def __init__(
        self,
        server: FhirServer,
        identity: Identity,
        remember: Callable[[Partition, int], Plans],
        *,
        audit: Audit | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._audit = audit
        self._server, self._identity, self._remember, self._monotonic = server, identity, remember, monotonic
        self._plans = Plans()
        self._progress: dict[str, _Progress] = {}

    def begin(self, partition: Partition, offset: int) -> None:
        """Know what the records before this offset said; raises DependencyError when the log cannot be read."""
        self._plans = self._remember(partition, offset)
        self._progress.clear()

    def deliver(self, event: Event) -> Attempt:
        """Write what a decision changes; anything else on the topic is only remembered."""
        if not isinstance(event, ScheduleDecided):
            if isinstance(event, ScheduleProposed):
                self._plans.fold(event)
            return Attempt(Outcome.DELIVERED)
        if event.decision in {"approve", "undo"} and not self._plans.knows(event):
            return Attempt(Outcome.REFUSED, "the proposal that was decided about is not in the log any more")
        change = self._plans.change(event)
        attempt = attempted(lambda: [] if change is None else self._write(event, change))
        if NEXT[attempt.outcome] is not Next.RETRY:
            self._progress.clear()
            self._plans.fold(event)
        return attempt

    def _write(self, decided: ScheduleDecided, change: Change) -> list[str]:
        """Write the change, or go on with it; what was refused and why, in words without a person."""
        if decided.id not in self._progress:
            self._progress = {
                decided.id: _Progress(Writer(self._server, People(self._server, self._identity), decided))
            }
        now = self._progress[decided.id]
        # What the server said about people and requests may have changed since the last attempt.
        now.writer.people = People(self._server, self._identity)
        ends = self._monotonic() + ATTEMPT_S
        todo: list[Effect | None] = [*effects(change), None]  # the last: who vouches
        for effect in todo[now.done :]:
            if self._monotonic() > ends:
                raise ServerUnavailable(f"{now.done} of {len(todo)} effects written in {ATTEMPT_S:g} s")
            try:
                now.writer.vouch() if effect is None else now.writer.write(effect)
            except ServerRefused as error:
                now.refused.append(f"{_name(effect)}: {error.reason}")
            now.done += 1
        if self._audit is not None:
            self._audit.tell(self._batch(decided, now))
        return now.refused

    def _batch(self, decided: ScheduleDecided, now: _Progress) -> Batch:
        return Batch(self._server, decided, now.writer.people, targets=now.writer.targets, refused=now.refused)


def _name(effect: Effect | None) -> str:
    """The effect and its request, which names nobody."""
    match effect:
        case None:
            return "Provenance"
        case Book(booking) | Cancel(booking, _):
            return f"{type(effect).__name__} {booking.request}"
        case Ask() | CallOff():
            return f"{type(effect).__name__} {effect.request}"
