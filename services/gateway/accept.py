"""Bytes → events and what became of every entry: the gateway's core, pure but for the identity port.

Facts are independent: one bad entry of a bundle is quarantined and the others take effect (unlike a FHIR server's
all-or-nothing transaction, docs/integrating.md says why). Only what cannot be taken apart at all is refused whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import orjson

from schemas.events import Event, PatientMerged
from schemas.fhir.facts import Context, Events, Fact, Ignored, Readings, Refused, Stop
from schemas.fhir.observation_profile import ObservationBundle, read_bundle
from schemas.fhir.patient import read_patient, registered, who
from schemas.fhir.resources import fact, fact_of_observation
from schemas.fhir.types import RESOURCE_TYPES
from schemas.ids import digest
from services.gateway.assemble import assemble
from services.gateway.references import BundleReferences
from services.runtime.errors import BadInputError
from services.runtime.ports import Identifier, Identity, Person

Fate = Literal["applied", "ignored", "quarantined"]
BUNDLES: Final = frozenset({"transaction", "batch", "collection"})
WRITES: Final = frozenset({"POST", "PUT"})
FAST_BYTES: Final = 256_000
"""Larger documents are histories, not monitors: they are read entry by entry at once."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: where, when, by whom, and what its URL said."""

    site: str
    known: datetime
    source: str
    resource_type: str | None = None
    id: str | None = None
    method: Literal["POST", "PUT"] = "POST"
    origin: Literal["fhir", "hl7v2"] = "fhir"


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one resource. `content` is kept for quarantine only."""

    kind: str
    fate: Fate
    created: bool = True
    id: str | None = None
    readings: int = 0
    reason: str = ""
    path: str = ""
    content: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """Events to be written, and the fate of every entry in the order sent."""

    events: tuple[Event, ...]
    entries: tuple[Entry, ...]
    bundle: str | None
    """The bundle's type; None for a single resource."""

    def count(self, fate: Fate) -> int:
        """How many entries had this fate."""
        return sum(entry.fate == fate for entry in self.entries)

    @property
    def readings(self) -> int:
        """Readings that were applied."""
        return sum(entry.readings for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Item:
    """A resource as it lay in its document, with what the document said of it."""

    content: Mapping[str, object]
    full_url: str | None
    method: str


def accept(document: bytes, asked: Asked, identity: Identity) -> Accepted:
    """Take a document apart. Raises BadInputError when it is no JSON, no FHIR, or not what the URL says."""
    references = BundleReferences(asked.site, identity)
    context = Context(asked.site, asked.known, references)
    if asked.resource_type is None and len(document) <= FAST_BYTES:
        bundle = read_bundle(document)
        if bundle is not None:
            return _accept_observations(bundle, asked, context)
    root = _json(document)
    if root.get("resourceType") == "Bundle" and asked.resource_type in {None, "Bundle"}:
        return accept_all(_items(root), str(root["type"]), asked, context, references, identity)
    _fits(root, asked)
    item = Item(root, None, asked.method)
    return accept_all([item], None, asked, context, references, identity)


def _accept_observations(bundle: ObservationBundle, asked: Asked, context: Context) -> Accepted:
    """The hot path: what `accept_all` does, for a bundle that was read in one go."""
    entries: list[Entry] = []
    facts: list[Fact] = []
    for item in bundle["entry"]:
        resource = item["resource"]
        if "request" in item and item["request"]["method"] not in WRITES:
            found: Fact = Refused("only POST and PUT are done here", "Bundle.entry.request.method")
        else:
            found = fact_of_observation(resource, context, item.get("fullUrl"))
        facts.append(found)
        created = "request" not in item or item["request"]["method"] == "POST"
        entries.append(_entry("Observation", found, resource.get("id"), resource, created=created))
    return Accepted(assemble(facts, asked.site, asked.known), tuple(entries), bundle["type"])


def accept_all(
    items: Sequence[Item], bundle: str | None, asked: Asked, context: Context, references: BundleReferences,
    identity: Identity,
) -> Accepted:  # fmt: skip
    """Every resource of one document; `bundle` is the document's type, None for a single resource."""
    for item in items:
        references.resource_is(item.content, item.full_url)
    # People first, whatever the order in the bundle: the other entries refer to them.
    facts: dict[int, Fact] = {
        n: _register(item, context, references, identity)
        for n, item in enumerate(items)
        if item.content.get("resourceType") == "Patient" and item.method in WRITES
    }
    for n, item in enumerate(items):
        if item.method not in WRITES:
            facts[n] = Refused("only POST and PUT are done here", "Bundle.entry.request.method")
        elif n not in facts:
            facts[n] = fact(item.content, context, item.full_url)
    entries = []
    for n, item in enumerate(items):
        kind, id_ = item.content.get("resourceType"), item.content.get("id")
        known_kind = kind if isinstance(kind, str) and kind in RESOURCE_TYPES else "unknown"
        name = id_ if isinstance(id_, str) else None
        entries.append(_entry(known_kind, facts[n], name, item.content, created=item.method == "POST"))
    ordered = (facts[n] for n in range(len(items)))
    return Accepted(assemble(ordered, asked.site, asked.known), tuple(entries), bundle)


def _register(item: Item, context: Context, references: BundleReferences, identity: Identity) -> Fact:
    try:
        resource = read_patient(item.content)
        person = who(resource, item.full_url)
        identifiers = [Identifier(*pair) for pair in person.identifiers]
        shown = Person("", context.site, person.family, person.given, person.born, person.sex, person.mrn)
        key = identity.register(context.site, identifiers, shown)
    except Stop as stop:
        references.patient_was_refused(item.full_url)
        return stop.fact
    except BadInputError as error:
        references.patient_was_refused(item.full_url)
        return Refused(error.reason, "Patient.identifier")
    references.patient_is(key, item.full_url, resource.get("id"))
    events: list[Event] = [registered(resource, person, key, context)]
    if person.replaced_by is not None:
        into = references.patient(person.replaced_by)
        if into is None:
            return Refused("replaced by a patient who was never registered here", "Patient.link.other")
        if into != key:
            merged = digest("PatientMerged", context.site, key, into)
            events.append(PatientMerged(id=merged, site=context.site, known=context.known, patient=key, into=into))
    return Events(tuple(events))


def _entry(kind: str, found: Fact, id_: str | None, content: Mapping[str, object], *, created: bool) -> Entry:
    match found:
        case Ignored(reason):
            return Entry(kind, "ignored", created, id_, reason=reason)
        case Refused(reason, path):
            return Entry(kind, "quarantined", created, id_, reason=reason, path=path, content=content)
        case Readings():
            return Entry(kind, "applied", created, id_, readings=len(found.readings))
        case _:
            return Entry(kind, "applied", created, id_)


def _json(document: bytes) -> dict[str, object]:
    try:
        root = orjson.loads(document)
    except orjson.JSONDecodeError as error:
        raise BadInputError(f"not JSON: {error.msg} at byte {error.pos}", status=400) from None
    if not isinstance(root, dict):
        raise BadInputError("a FHIR document is a JSON object", status=400)
    return root


def _items(root: Mapping[str, object]) -> list[Item]:
    if root.get("type") not in BUNDLES:
        raise BadInputError("only bundles of type transaction, batch or collection are accepted", path="Bundle.type")
    entries = root.get("entry", [])
    if not isinstance(entries, list):
        raise BadInputError("entry is a list", path="Bundle.entry")
    items: list[Item] = []
    for n, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise BadInputError("an entry is an object", path=f"Bundle.entry[{n}]")
        request, full_url = entry.get("request"), entry.get("fullUrl")
        method = request.get("method") if isinstance(request, dict) else "POST"
        content = entry.get("resource")
        items.append(
            Item(
                content if isinstance(content, dict) else {},
                full_url if isinstance(full_url, str) else None,
                method if isinstance(method, str) else "",
            )
        )
    return items


def _fits(root: Mapping[str, object], asked: Asked) -> None:
    """The body is what the URL says (FHIR R4, 3.1.0.4 and 3.1.0.8)."""
    if asked.resource_type is None:
        raise BadInputError("POST a Bundle here, or a resource to /fhir/TYPE", path="resourceType")
    if root.get("resourceType") != asked.resource_type:
        raise BadInputError(f"the URL says {asked.resource_type}, the body does not", path="resourceType", status=400)
    if asked.method == "PUT" and root.get("id") != asked.id:
        raise BadInputError("the id in the body is not the id in the URL", path="id", status=400)
