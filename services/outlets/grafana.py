"""The Grafana outlet: an annotation per alert, kept in step with each transition on the topic `alerts`.

A model's drift (topic `models`) is an annotation too, for the model's owner.
"""

from schemas.events import Event, ModelDriftAlarm, ModelDriftMeasured
from schemas.events.alerts import AlertEvent, AlertNotified, AlertUnreached
from services.outlets.annotation import revised
from services.outlets.board import AnnotationBoard, BoardMisconfigured, BoardRefused, BoardUnavailable
from services.outlets.delivery import Outcome
from services.outlets.destination import Attempt
from services.outlets.drift_annotation import drift_revised
from services.runtime.ports import Partition


class Grafana:
    """A board of annotations as a destination."""

    name = "grafana"
    topics = ("alerts", "models")

    def __init__(self, board: AnnotationBoard) -> None:
        self._board = board

    def begin(self, partition: Partition, offset: int) -> None:
        """Nothing to remember: an annotation holds all that was said of it."""

    def deliver(self, event: Event) -> Attempt:
        """Put the alert's annotation in step with this transition."""
        if isinstance(event, AlertNotified | AlertUnreached | ModelDriftMeasured):
            return Attempt(Outcome.DELIVERED)
        try:
            if isinstance(event, AlertEvent):
                done = self._board.put(event.alert, lambda found: revised(found, event))
            elif isinstance(event, ModelDriftAlarm):
                done = self._board.put(event.alarm, lambda found: drift_revised(found, event))
            else:
                return Attempt(Outcome.REFUSED, f"{type(event).__name__} is not a transition of an alert")
        except BoardUnavailable as error:
            return Attempt(Outcome.UNAVAILABLE, str(error), error.retry_after_s)
        except BoardMisconfigured as error:
            return Attempt(Outcome.MISCONFIGURED, str(error))
        except BoardRefused as error:
            return Attempt(Outcome.REFUSED, str(error))
        return Attempt(Outcome.DELIVERED, done)
