"""The DICOM door: an application entity that answers C-ECHO and C-STORE (PS3.4 annexes A and B; PS3.7 9.1.1, 9.1.5)."""

import ssl
from typing import Final

from pydicom import Dataset
from pydicom.uid import UID
from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, AllStoragePresentationContexts, evt
from pynetdicom.events import Event

from services.gateway.dicom_store import Answer, ImageDoor, Status
from services.runtime import logs, metrics

MOST_ASSOCIATIONS: Final = 8
"""Objects lie in memory while they are received: associations bound it, a further one is rejected and comes again."""
COMMENT_LENGTH: Final = 64
VERIFICATION: Final = UID("1.2.840.10008.1.1")
_log = logs.get(__name__)


class DicomServer:
    """Listens from `start` to `stop`; each association has its own thread."""

    def __init__(
        self,
        door: ImageDoor,
        *,
        ae_title: str = "WARDWATCH",
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._door, self._address, self._tls = door, (host, port), tls
        entity = AE(ae_title)
        entity.maximum_associations = MOST_ASSOCIATIONS
        entity.network_timeout = 60
        entity.add_supported_context(VERIFICATION)
        for context in AllStoragePresentationContexts:
            entity.add_supported_context(str(context.abstract_syntax), ALL_TRANSFER_SYNTAXES)
        self._entity = entity
        self.port = port

    def start(self) -> None:
        """Listen; `port` is then the real one. Raises OSError when the port is taken."""
        server = self._entity.start_server(
            self._address,
            block=False,
            ssl_context=self._tls,
            evt_handlers=[(evt.EVT_C_STORE, self._store), (evt.EVT_C_ECHO, self._echo)],
        )
        if server is None or server.socket is None:
            raise OSError("the DICOM port was not opened")
        self.port = int(server.socket.getsockname()[1])
        _log.info("listening for DICOM", port=self.port, ae=self._entity.ae_title)

    def stop(self) -> None:
        """Close associations and the port."""
        self._entity.shutdown()

    def _echo(self, _: Event) -> int:
        metrics.counted(metrics.REQUESTS, "gateway", "C-ECHO", "0000").inc()
        return int(Status.STORED)

    def _store(self, event: Event) -> Dataset:
        """C-STORE: the answer is given only after object and event are safe."""
        request = event.request
        answer = self._door.accept(
            event.encoded_dataset(),
            caller=str(event.assoc.requestor.ae_title).strip(),
            sop_class=str(request.AffectedSOPClassUID),
        )
        return _response(answer)


def _response(answer: Answer) -> Dataset:
    """Status (0000,0900) and, for a failure, Error Comment (0000,0902)."""
    response = Dataset()
    response.Status = int(answer.status)
    if answer.comment:
        response.ErrorComment = answer.comment[:COMMENT_LENGTH]
    return response
