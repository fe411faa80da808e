"""That a call was delivered, as a fact of the log: who has it, how it went, when (docs/decisions/0151).

Only calls are told of: AlertRaised and AlertEscalated. What the authority makes of a delivery (AlertNotified) is none,
so nothing can go round in a circle, whatever a destination is told.
"""

from datetime import datetime
from typing import Final

from schemas.events import AlertEscalated, AlertRaised, DeliveryMade, Event
from schemas.events.alerts import Channel
from schemas.ids import digest
from services.outlets.delivery import Outcome
from services.runtime.outgoing import outgoing
from services.runtime.ports import Outgoing, Record

_CHANNELS: Final[dict[str, Channel]] = {"grafana": "grafana", "webhook": "webhook", "mail": "mail", "fhir": "fhir"}


def channel_of(kind: str) -> Channel:
    """The channel of a lane's kind; what is none of ours is a plug-in."""
    return _CHANNELS.get(kind, "plugin")


def confirmation(event: Event | None, outcome: Outcome, receiver: str, channel: Channel, at: datetime) -> Event | None:
    """The fact that a receiver has a call; None for anything else. The same call and receiver give the same id."""
    if outcome is not Outcome.DELIVERED or not isinstance(event, AlertRaised | AlertEscalated):
        return None
    return DeliveryMade(
        id=digest("DeliveryMade", event.id, receiver), site=event.site, patient=event.patient, known=at,
        alert=event.alert, transition=event.id, receiver=receiver, channel=channel, role=event.role, at=at,
    )  # fmt: skip


def beside(record: Record, event: Event, service: str) -> Outgoing:
    """The message, on the partition that the patient has in every topic."""
    where = f"{record.partition.topic}/{record.partition.number}/{record.offset}"
    return outgoing(event, source=service, partitions=1, cause=where, partition=record.partition.number)
