"""A person of the ward who opens a patient's page has its open alerts on screen: told to the log like any delivery.

An open board is no such proof, for nobody may stand before it. It is told once for a call: the authority's answer makes
the call reached, and a repeat has the same id.
"""

from concurrent.futures import Future
from typing import Final

from schemas.events import DeliveryMade
from schemas.ids import digest
from services.console.parts import Parts
from services.console.reading.patient_view import PatientView
from services.console.reading.viewer import Viewer
from services.runtime import logs
from services.runtime.outgoing import outgoing

RECEIVER: Final = "console"
_log = logs.get(__name__)


def on_screen(parts: Parts, viewer: Viewer, shown: PatientView) -> int:
    """Tell the calls that this page brings before somebody who may take them, without waiting; how many they were."""
    if not viewer.decide or viewer.admin or viewer.past or not viewer.on(shown.row.ward):
        return 0
    at, told = parts.clock.now(), 0
    for alert in (story.alert for story in shown.stories):
        call = alert.called
        if alert.phase not in {"raised", "stale"} or call is None or call.reached:
            continue
        event = DeliveryMade(
            id=digest("DeliveryMade", call.call, RECEIVER), site=parts.settings.site, known=at, patient=shown.row.key,
            alert=alert.id, transition=call.call, receiver=RECEIVER, channel="screen", at=at,
        )  # fmt: skip
        message = outgoing(event, source="console", partitions=parts.settings.partitions)
        parts.publisher.publish([message]).add_done_callback(_written)
        told += 1
    return told


def _written(done: "Future[None]") -> None:
    # The page is shown all the same: a log that does not answer must not hide a patient.
    if (error := done.exception()) is not None:
        _log.error("delivery_not_told", reason=str(error))
