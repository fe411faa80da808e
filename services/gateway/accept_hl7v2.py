"""An HL7 v2 message → events, by way of FHIR resources: one set of rules for both (docs/decisions/0160)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, cast

from schemas.events import EncounterStarted, EncounterTransferred, Event
from schemas.fhir.elements import Reference
from schemas.fhir.facts import Context
from schemas.hl7v2.bundle import MAKERS, understood
from schemas.hl7v2.encounter import CHANGED, IN_PASSING
from schemas.hl7v2.message import Message, MessageError, parse
from schemas.hl7v2.patient import subject
from schemas.hl7v2.types import Site
from schemas.ids import digest
from services.gateway.accept import Accepted, Asked, Entry, Item, accept_all
from services.gateway.references import BundleReferences
from services.runtime.errors import BadInputError
from services.runtime.ports import Identity

TELL_AGAIN: Final = frozenset({"ORU", "SIU"})
"""Results and bookings."""


@dataclass(frozen=True, slots=True)
class MessageCore:
    """What `accept` is for FHIR, for messages to this place."""

    site: Site

    def __call__(self, document: bytes, asked: Asked, identity: Identity) -> Accepted:
        """Take a message apart; raises BadInputError when it is none, or says nothing of whom or what."""
        try:
            message = parse(document)
            found = understood(message, self.site)
        except MessageError as error:
            raise BadInputError(error.reason, path=error.where) from None
        # A name of ours: what a sender writes there must not become a metric's label.
        kind = "^".join(message.kind) if message.kind in MAKERS else "message"
        if not found.parts:
            return Accepted((), (Entry(kind, "ignored", reason=found.ignored),), kind)
        references = BundleReferences(asked.site, identity)
        resources = [part for part in found.parts if not isinstance(part, MessageError)]
        if message.kind[0] in TELL_AGAIN and references.patient(cast("Reference", subject(message, self.site))):
            # They name their person again and again, often less fully than the admission did: once is enough.
            resources = [resource for resource in resources if resource["resourceType"] != "Patient"]
        items = [Item(resource, None, "POST") for resource in resources]
        context = Context(asked.site, asked.known, references)
        accepted = accept_all(items, kind, asked, context, references, identity)
        wrong = tuple(
            Entry(kind, "quarantined", reason=part.reason, path=part.where)
            for part in found.parts
            if isinstance(part, MessageError)
        )
        passing = message.kind[0] == "ADT" and message.kind[1] in IN_PASSING
        events = tuple(_in_passing(accepted.events, message)) if passing else accepted.events
        return Accepted(events, accepted.entries + wrong, kind)


def _in_passing(events: Iterable[Event], message: Message) -> Iterator[Event]:
    """A FHIR Encounter tells its whole history; of a message, only an admission knows where the stay began."""
    pv1 = message.first("PV1")
    dated = pv1 is not None and bool(pv1.first(44))
    for event in events:
        if not isinstance(event, EncounterStarted):
            yield event
            continue
        yield event.model_copy(update={"id": digest(event.id, "in passing"), "in_passing": True})
        if message.kind[1] in CHANGED and not dated:
            # The change stands in for the beginning: where one was told before, this is a move at that time.
            yield EncounterTransferred(
                id=digest(event.encounter, "moved", event.started, event.place), site=event.site, known=event.known,
                patient=event.patient, encounter=event.encounter, moved=event.started, place=event.place,
            )  # fmt: skip
