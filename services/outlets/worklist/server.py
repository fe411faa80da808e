"""The DICOM worklist: C-FIND of Unified Procedure Step - Query (PS3.4 CC.2.8) and C-ECHO; nothing is changed by it.

It names patients, so only application entities that are named may ask. A title is no proof of who asks, a
certificate is (WARDWATCH_TLS_AUTHORITIES): without it the port belongs into a network of its own.
"""

import ssl
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from pydicom import Dataset
from pydicom.uid import UID
from pynetdicom import AE, evt
from pynetdicom.events import Event
from pynetdicom.sop_class import UnifiedProcedureStepQuery  # type: ignore[attr-defined]  # made at import

from services.outlets.worklist.matching import matches, returned, unknown
from services.outlets.worklist.tasks import ReadingTasks
from services.outlets.worklist.workitem import workitem
from services.runtime import logs, metrics
from services.runtime.errors import StoreUnavailable
from services.runtime.ports import Person

VERIFICATION: Final = UID("1.2.840.10008.1.1")
SUCCESS: Final = 0x0000
PENDING: Final = 0xFF00
PENDING_KEYS_UNKNOWN: Final = 0xFF01
CANCELLED: Final = 0xFE00
OUT_OF_RESOURCES: Final = 0xA700
UNABLE: Final = 0xC000
MOST_ASSOCIATIONS: Final = 16
SERVICE: Final = "outlets"
_log = logs.get(__name__)


class WorklistServer:
    """Listens from `start` to `stop`; each association has a thread of its own."""

    def __init__(
        self,
        tasks: ReadingTasks,
        person: Callable[[str], Person | None],
        callers: Sequence[str],
        *,
        ae_title: str = "WARDWATCH",
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._tasks, self._person, self._address, self._tls = tasks, person, (host, port), tls
        entity = AE(ae_title)
        entity.maximum_associations, entity.network_timeout = MOST_ASSOCIATIONS, 60
        entity.require_calling_aet = list(callers)
        entity.add_supported_context(VERIFICATION)
        entity.add_supported_context(UnifiedProcedureStepQuery)
        self._entity = entity
        self.port = port

    def start(self) -> None:
        """Listen; `port` is then the real one. Raises OSError when the port is taken."""
        server = self._entity.start_server(
            self._address,
            block=False,
            ssl_context=self._tls,
            evt_handlers=[(evt.EVT_C_FIND, self._find), (evt.EVT_C_ECHO, lambda _: SUCCESS)],
        )
        if server is None or server.socket is None:
            raise OSError("the worklist's port was not opened")
        self.port = int(server.socket.getsockname()[1])
        _log.info("listening for worklist queries", port=self.port, ae=self._entity.ae_title)

    def stop(self) -> None:
        """Close associations and the port."""
        self._entity.shutdown()

    def _find(self, event: Event) -> Iterator[tuple[int | Dataset, Dataset | None]]:
        """Matches in the order in which they should be read; the last status is pynetdicom's own, success."""
        caller = str(event.assoc.requestor.ae_title).strip()
        if not self._tasks.whole:
            yield self._refused(caller, OUT_OF_RESOURCES, "the list is being made: ask again"), None
            return
        count = 0
        try:
            keys = event.identifier
            for report in self._tasks.waiting():
                if event.is_cancelled:
                    yield CANCELLED, None
                    return
                step = workitem(report, self._person(report.patient))
                if matches(keys, step):
                    count += 1
                    yield PENDING_KEYS_UNKNOWN if unknown(keys, step) else PENDING, _answer(keys, step)
        except StoreUnavailable:
            yield self._refused(caller, OUT_OF_RESOURCES, "the identity store does not answer"), None
            return
        except Exception as error:  # noqa: BLE001 - a request from outside: whatever pydicom raises while it is read
            yield self._refused(caller, UNABLE, f"the keys cannot be read: {type(error).__name__}"), None
            return
        metrics.counted(metrics.REQUESTS, SERVICE, "C-FIND", "0000").inc()
        _log.info("worklist asked", ae=caller, count=count)

    def _refused(self, caller: str, status: int, why: str) -> Dataset:
        metrics.counted(metrics.REQUESTS, SERVICE, "C-FIND", f"{status:04X}").inc()
        _log.warning("worklist not answered", ae=caller, reason=why)
        found = Dataset()
        found.Status, found.ErrorComment = status, why[:64]
        return found


def _answer(keys: Dataset, step: Dataset) -> Dataset:
    """What was asked for, and in which letters it is written."""
    found = returned(keys, step)
    found.SpecificCharacterSet = step.SpecificCharacterSet
    return found
