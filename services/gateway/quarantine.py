"""What could not be used becomes an event with its bytes, the reason and where it came from."""

import base64
import hashlib
from typing import Final

import orjson

from schemas.events import Quarantined
from schemas.ids import digest
from services.gateway.accept import Asked, Entry
from services.runtime.ports import ObjectStore

MOST_BYTES: Final = 256_000
"""More than this lies in the object store, and the event names it."""


MEDIA_TYPES: Final = {"fhir": "application/fhir+json", "hl7v2": "x-application/hl7-v2+er7"}


def quarantine_entry(entry: Entry, document: bytes, asked: Asked, objects: ObjectStore) -> Quarantined:
    """The event for one entry of a bundle, or for a single resource; of a v2 message the whole message is kept."""
    content = document if asked.origin == "hl7v2" else orjson.dumps(entry.content)
    return quarantine(content, entry.reason, entry.path, asked, objects)


def quarantine(content: bytes, reason: str, path: str, asked: Asked, objects: ObjectStore) -> Quarantined:
    """The event; writes to the object store when the content is large. The same content gives the same id."""
    identity = digest("Quarantined", asked.site, asked.source, hashlib.sha256(content).hexdigest(), reason, path)
    truncated = len(content) > MOST_BYTES
    name = f"quarantine/{asked.site}/{identity}" if truncated else None
    if name is not None:
        objects.put(name, content)
    text = _text(content[:MOST_BYTES])
    return Quarantined(
        id=identity,
        site=asked.site,
        known=asked.known,
        origin=asked.origin,
        source=asked.source[:256],
        reason=reason[:1000],
        path=path[:256],
        media_type=MEDIA_TYPES[asked.origin] + ("" if text is not None else ";base64"),
        content=text if text is not None else base64.b64encode(content[:MOST_BYTES]).decode(),
        truncated=truncated,
        object=name,
    )


def _text(content: bytes) -> str | None:
    """As text; None when the bytes are none. A cut may fall inside a character."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        return content[: error.start].decode() if error.start > len(content) - 4 else None
