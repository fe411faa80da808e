"""CloudEvents 1.0 in Kafka binary content mode: attributes in headers, the event's JSON in the value.

CloudEvents Kafka protocol binding 1.0.2, section 3.2: attribute NAME travels in header `ce_NAME`,
the data's media type in `content-type`. Our extensions: `cause` (the input that made it: topic,
partition, offset or tick, design rule 3), `accepted` (real milliseconds since 1970 when the gateway
wrote the fact at the root of it, for latencies) and `keyid` (for values encrypted per patient, rule 10).
"""

from dataclasses import dataclass

from pydantic import ValidationError

from schemas.events import EVENTS, Event

Headers = tuple[tuple[str, bytes], ...]
TYPE_PREFIX, TYPE_SUFFIX = "wardwatch.", ".v1"


class EnvelopeError(ValueError):
    """The message is not an event that this version understands; quarantine it."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event and what travels around it."""

    event: Event
    source: str
    cause: str = ""
    keyid: str = ""
    accepted_ms: int = 0


def encode(envelope: Envelope) -> tuple[bytes, Headers]:
    """Value and headers of the Kafka message that carries the event."""
    event = envelope.event
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", event.id.encode()),
        ("ce_type", f"{TYPE_PREFIX}{type(event).__name__}{TYPE_SUFFIX}".encode()),
        ("ce_source", envelope.source.encode()),
        ("ce_time", event.known.isoformat().encode()),
        ("content-type", b"application/json"),
    ]
    if envelope.cause:
        headers.append(("ce_cause", envelope.cause.encode()))
    if envelope.accepted_ms:
        headers.append(("ce_accepted", str(envelope.accepted_ms).encode()))
    if envelope.keyid:
        headers.append(("ce_keyid", envelope.keyid.encode()))
    return event.__pydantic_serializer__.to_json(event), tuple(headers)


def decode(value: bytes | None, headers: Headers) -> Envelope:
    """The event of a Kafka message; raises EnvelopeError that says what is wrong, without the content."""
    found = {k: v.decode("utf-8", "replace") for k, v in headers if v is not None}
    kind = found.get("ce_type", "")
    cls = EVENTS.get(kind.removeprefix(TYPE_PREFIX).removesuffix(TYPE_SUFFIX))
    if found.get("ce_specversion") != "1.0" or cls is None or value is None:
        msg = f"not an event of this version: ce_type {kind!r}"
        raise EnvelopeError(msg)
    try:
        event = cls.__pydantic_validator__.validate_json(value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(p) for p in first["loc"])
        msg = f"{cls.__name__}.{where}: {first['msg']}"
        raise EnvelopeError(msg) from None
    accepted = found.get("ce_accepted", "")
    return Envelope(
        event,
        found.get("ce_source", ""),
        found.get("ce_cause", ""),
        found.get("ce_keyid", ""),
        int(accepted) if accepted.isdigit() else 0,
    )
