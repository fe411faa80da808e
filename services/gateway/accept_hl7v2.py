"""An HL7 v2 message → events, by way of FHIR resources: one set of rules for both (docs/decisions/0160)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, cast

from schemas.events import EncounterEnded, EncounterStarted
from schemas.fhir.elements import Reference
from schemas.fhir.facts import Context
from schemas.hl7v2.bundle import MAKERS, understood
from schemas.hl7v2.encounter import ENDED, TAKEN_BACK
from schemas.hl7v2.message import Message, MessageError, parse
from schemas.hl7v2.patient import subject
from schemas.hl7v2.types import Site, at_of_event, sent_in
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
        events = accepted.events
        if message.kind == ("ADT", TAKEN_BACK):
            events += tuple(_taken_back(accepted, message, self.site))
        elif message.kind[0] == "ADT" and message.kind[1] in ENDED:
            # A discharge says where the patient lay last: read as FHIR's whole history, it would be where they began.
            events = tuple(event for event in events if not isinstance(event, EncounterStarted))
        return Accepted(events, accepted.entries + wrong, kind)


def _taken_back(accepted: Accepted, message: Message, site: Site) -> Iterator[EncounterEnded]:
    """A FHIR Encounter that is in progress does not say that its end, told before, was wrong: an A13 does."""
    for stay in accepted.events:
        if isinstance(stay, EncounterStarted):
            at = at_of_event(message, sent_in(message, site))
            yield EncounterEnded(
                id=digest(stay.encounter, "ended", None, at), site=stay.site, known=stay.known, patient=stay.patient,
                encounter=stay.encounter, ended=None,
            )  # fmt: skip
