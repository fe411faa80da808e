"""The Grafana outlet: an annotation per alert, kept in step with each transition on the topic `alerts`."""

from schemas.events import Event
from schemas.events.alerts import AlertEvent, AlertNotified
from services.outlets.annotation import revised
from services.outlets.board import AnnotationBoard, BoardMisconfigured, BoardRefused, BoardUnavailable
from services.outlets.delivery import Outcome
from services.outlets.loop import Attempt


class Grafana:
    """A board of annotations as a destination."""

    name = "grafana"
    topics = ("alerts",)

    def __init__(self, board: AnnotationBoard) -> None:
        self._board = board

    def deliver(self, event: Event) -> Attempt:
        """Put the alert's annotation in step with this transition."""
        if not isinstance(event, AlertEvent):
            return Attempt(Outcome.REFUSED, f"{type(event).__name__} is not a transition of an alert")
        if isinstance(event, AlertNotified):
            return Attempt(Outcome.DELIVERED)
        try:
            done = self._board.put(event.alert, lambda found: revised(found, event))
        except BoardUnavailable as error:
            return Attempt(Outcome.UNAVAILABLE, str(error))
        except BoardMisconfigured as error:
            return Attempt(Outcome.MISCONFIGURED, str(error))
        except BoardRefused as error:
            return Attempt(Outcome.REFUSED, str(error))
        return Attempt(Outcome.DELIVERED, done)
