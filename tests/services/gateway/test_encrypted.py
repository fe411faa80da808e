"""DICOM and HL7 v2 behind TLS: who shows a certificate of the authority is served, nobody else, and nobody waits."""

import asyncio
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.sop_class import CTImageStorage, Verification  # type: ignore[attr-defined]  # made at import
from typer.testing import CliRunner

from schemas.hl7v2.types import Site
from services.cli.main import command
from services.gateway.accept_hl7v2 import MessageCore
from services.gateway.dicom import DicomServer
from services.gateway.dicom_store import ImageDoor
from services.gateway.messages import MessageDoor
from services.gateway.mllp import MllpServer
from services.outlets.delivery import Outcome
from services.outlets.pacs.sending import pacs_at
from services.outlets.worklist import ReadingTasks, WorklistServer
from services.runtime import web
from services.runtime.mllp_client import MllpClient
from services.runtime.settings import Settings
from services.runtime.tls import calling, listening
from tests.certificates import Authority
from tests.schemas.hl7v2.messages import ADMIT
from tests.services.gateway.conftest import Door

HERE = "127.0.0.1"


class Wires:
    """An authority, what it signed, and what another one did."""

    def __init__(self, folder: Path) -> None:
        self.authority, self.stranger = Authority.new(folder), Authority.new(folder, "stranger")
        self.ours, self.theirs = self.authority.vouch("gateway"), self.authority.vouch("engine")
        told = Settings.model_validate({"tls_certificate": self.ours, "tls_authorities": self.authority.file})
        server = listening(told)
        assert server is not None
        self.server = server

    def client(self, who: str) -> ssl.SSLContext | None:
        """How a caller speaks: `known`, with no certificate (`nameless`), with a stranger's, or in plain text."""
        if who == "plain":
            return None
        shown = {"known": self.theirs, "nameless": None, "stranger": self.stranger.vouch("engine")}[who]
        return calling(shown, None, self.authority.file)


@pytest.fixture(scope="module")
def wires(tmp_path_factory: pytest.TempPathFactory) -> Wires:
    """Made once."""
    return Wires(tmp_path_factory.mktemp("wires"))


@pytest.fixture
def door(make_door: Callable[..., Door]) -> Door:
    """A gateway at noon of the day of the messages."""
    return make_door(now=datetime(2026, 3, 1, 12, 0, tzinfo=UTC))


@pytest.fixture
def mllp(door: Door, wires: Wires) -> Iterator[int]:
    """The port of an encrypted HL7 v2 door."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server, listener = MllpServer(MessageDoor(door.gateway, MessageCore(Site(UTC)))), web.bind(HERE, 0)
    asyncio.run_coroutine_threadsafe(server.start(listener, wires.server), loop).result(5)
    yield listener.getsockname()[1]
    asyncio.run_coroutine_threadsafe(server.stop(), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)


@pytest.fixture
def dicom(door: Door, wires: Wires) -> Iterator[int]:
    """The port of an encrypted DICOM door."""
    gateway = door.gateway
    image = ImageDoor(gateway.identity, gateway.objects, gateway.publisher, gateway.clock, "main", 4)
    server = DicomServer(image, tls=wires.server)
    server.start()
    yield server.port
    server.stop()


def echoes(port: int, tls: ssl.SSLContext | None) -> bool:
    """Whether C-ECHO is answered."""
    entity = AE("ENGINE")
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = entity.connection_timeout = 5
    entity.add_requested_context(Verification)
    peer = entity.associate(HERE, port, tls_args=(tls, HERE) if tls else None)
    if not peer.is_established:
        return False
    status = peer.send_c_echo().get("Status")
    peer.release()
    return bool(status == 0)


def test_a_known_engine_is_answered(mllp: int, wires: Wires) -> None:
    """AA through TLS, several messages on one connection."""
    client = MllpClient((HERE, mllp), wires.client("known"))
    assert [client.ask(ADMIT.encode())[0] for _ in range(2)] == ["AA", "AA"]
    client.close()


@pytest.mark.parametrize("who", ["nameless", "stranger", "plain"])
def test_an_unknown_engine_is_not(mllp: int, door: Door, wires: Wires, who: str) -> None:
    """The connection ends without an answer, nothing is written, and the next engine is served."""
    client = MllpClient((HERE, mllp), wires.client(who))
    with pytest.raises(OSError):  # noqa: PT011 - of which kind is the network's business
        client.ask(ADMIT.encode())
    assert door.written() == []
    assert MllpClient((HERE, mllp), wires.client("known")).ask(ADMIT.encode())[0] == "AA"


def test_published_through_tls(mllp: int, wires: Wires, tmp_path: Path) -> None:
    """`publish --authority --certificate`; a file that is none is told, exit 2."""
    (tmp_path / "admit.hl7").write_bytes(ADMIT.encode())
    told = [str(tmp_path / "admit.hl7"), "--to", f"mllp://{HERE}:{mllp}", "--json", "--authority"]
    said = CliRunner().invoke(
        command("publish"), [*told, str(wires.authority.file), "--certificate", str(wires.theirs)]
    )
    assert said.exit_code == 0, said.output
    assert json.loads(said.stdout.splitlines()[-1])["applied"] > 0
    assert CliRunner().invoke(command("publish"), [*told, str(tmp_path / "admit.hl7")]).exit_code == 2


@pytest.mark.parametrize(
    ("who", "served"), [("known", True), ("nameless", False), ("stranger", False), ("plain", False)]
)
def test_who_may_associate(dicom: int, wires: Wires, who: str, served: bool) -> None:
    """PS3.15 B.9: a node knows a node; others get no association."""
    assert echoes(dicom, wires.client(who)) == served


# Stopping while connections without an association end is an event that pynetdicom's state machine does not know (PS3.8
# table 9-10 has none): its thread of such a connection ends with it, which is what stopping wants.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_caller_that_says_nothing_keeps_nobody_out(dicom: int, wires: Wires) -> None:
    """Three connections without a handshake; the fourth is served at once."""
    silent = [socket.create_connection((HERE, dicom)) for _ in range(3)]
    began = time.monotonic()
    assert echoes(dicom, wires.client("known"))
    assert time.monotonic() - began < 5
    for one in silent:
        one.close()


def test_the_worklist_knows_its_callers_too(wires: Wires) -> None:
    """A title alone is not enough any more."""
    server = WorklistServer(ReadingTasks("main"), lambda _: None, ["ENGINE"], tls=wires.server)
    server.start()
    try:
        assert echoes(server.port, wires.client("known"))
        assert not echoes(server.port, wires.client("nameless"))
    finally:
        server.stop()


@pytest.mark.parametrize(("signed", "outcome"), [("authority", Outcome.DELIVERED), ("stranger", Outcome.UNAVAILABLE)])
def test_reports_go_to_the_pacs_that_is_known(wires: Wires, signed: str, outcome: Outcome) -> None:
    """dicoms://: a PACS with a stranger's certificate is sent nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(getattr(wires, signed).vouch("pacs"))
    context.load_verify_locations(wires.authority.file)
    context.verify_mode = ssl.CERT_REQUIRED
    got: list[str] = []
    pacs = AE("PACS")
    pacs.add_supported_context(CTImageStorage)

    def store(event: evt.Event) -> int:
        got.append(str(event.dataset.SOPInstanceUID))
        return 0

    server = pacs.start_server((HERE, 0), block=False, ssl_context=context, evt_handlers=[(evt.EVT_C_STORE, store)])
    assert server is not None
    assert server.socket is not None
    one = Dataset()
    one.file_meta = FileMetaDataset()
    one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    one.SOPClassUID, one.SOPInstanceUID, one.PatientID = CTImageStorage, "1.2.3", "1"
    try:
        url = f"dicoms://PACS@{HERE}:{server.socket.getsockname()[1]}"
        said = pacs_at(url, "", "WARDWATCH", calling(wires.ours, None, wires.authority.file)).store([one])
    finally:
        pacs.shutdown()
    assert (said.outcome, len(got)) == (outcome, int(outcome is Outcome.DELIVERED))
