"""Who was called about an alert, who has it (topics `alerts`, `deliveries`), and where nobody is (`decisions`)."""

from schemas.events import AlertNotified, AlertUnreached, DeliveryMade, MaintenanceDecided
from schemas.events.alerts import AddressingEvent
from services.console.projection.store import micros, micros_or_none
from services.console.projection.turn import Turn


def called(turn: Turn, event: AddressingEvent) -> None:
    """A call, or the authority's word about one: that it was confirmed, or by nobody."""
    about = event.call if isinstance(event, AlertNotified | AlertUnreached) else event.id
    turn.db.execute(
        "INSERT OR IGNORE INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.id, event.alert, type(event).__name__.removeprefix("Alert"), about, micros(event.at), turn.position,
            event.role, event.contact, event.next_role, micros_or_none(event.next_at),
            micros_or_none(event.quiet_until), micros(event.known),
        ),
    )  # fmt: skip


def delivered(turn: Turn, event: DeliveryMade) -> None:
    """A receiver has a call; told twice it is the same."""
    turn.patient(event.patient, event.site)
    turn.db.execute(
        "INSERT OR IGNORE INTO deliveries VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.id, event.alert, event.transition, event.receiver, event.channel, event.role, micros(event.at),
            micros(event.known),
        ),
    )  # fmt: skip


def maintained(turn: Turn, event: MaintenanceDecided) -> None:
    """A person's word on a ward: the same on every lane."""
    turn.db.execute(
        "INSERT OR IGNORE INTO maintenance VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.decision, event.site, event.ward, micros(event.at), micros(event.until), int(event.ended), event.by,
            event.why, micros(event.known),
        ),
    )  # fmt: skip
