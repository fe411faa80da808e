"""Bytes that could not be used become an event of topic `quarantine`, with the reason and where they came from."""

import base64
from datetime import datetime

from schemas.events import Quarantined
from schemas.ids import digest
from services.runtime import metrics
from services.runtime.ports import Record

MOST = 256 * 1024
"""Bytes kept in the event itself."""


def quarantined(record: Record, reason: str, site: str, service: str, now: datetime) -> Quarantined:
    """The quarantine entry of a message that a service could not use."""
    metrics.QUARANTINED.labels(service, "message").inc()
    content = record.value or b""
    where = f"{record.partition.topic}/{record.partition.number}/{record.offset}"
    return Quarantined(
        id=digest("quarantine", service, where), site=site, known=now, origin=service, source=where,
        reason=reason[:1000],
        media_type="application/json;base64", content=base64.b64encode(content[:MOST]).decode(),
        truncated=len(content) > MOST, original_key=record.key[:256],
    )  # fmt: skip
