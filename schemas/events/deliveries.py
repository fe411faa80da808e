"""That a receiver outside has an alert (topic `deliveries`): told by whoever delivered it, folded by the authority.

Only calls are told of (AlertRaised, AlertEscalated), never what the authority makes of a delivery: a delivery cannot
lead to another one.
"""

from typing import ClassVar

from pydantic import AwareDatetime

from schemas.events.alerts import Channel, Role
from schemas.events.base import Id, Name, PatientEvent


class DeliveryMade(PatientEvent):
    """`receiver` (a name of the configuration, never an address) has the call `transition` of `alert` since `at`.

    The id follows from the transition and the receiver, so that a delivery that is repeated after a crash is the same.
    """

    topic: ClassVar[str] = "deliveries"

    alert: Id
    transition: Id
    receiver: Name
    channel: Channel
    role: Role | None = None
    at: AwareDatetime
