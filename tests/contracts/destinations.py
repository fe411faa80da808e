"""Every destination with a peer that keeps what it is told and breaks on request: what the contract suite runs on."""

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from schemas.events import AlertEvent
from schemas.fhir.communication import line
from services.outlets.annotation import LINE, written
from services.outlets.destination import Destination
from services.outlets.fhir.alerts import AlertRecords
from services.outlets.fhir.http_server import HttpFhirServer
from services.outlets.grafana import Grafana
from services.outlets.grafana_board import GrafanaBoard
from services.outlets.mail import Mail, Server
from services.outlets.mail_message import reference
from services.outlets.plugged import Plugged
from services.outlets.webhook import Webhook
from tests.fakes.fhir import FakeFhir
from tests.fakes.fhir.server import TOKEN
from tests.fakes.grafana import CutShort, Drop, FakeGrafana, Fault, Hang, Reply
from tests.fakes.mail import Break, FakeMailServer
from tests.fakes.webhook import FakeReceiver
from tests.services.outlets.fhir.care import audit, people
from tests.services.outlets.fhir.plans import patient

TIMEOUT_S = 0.6
"""Of real time. On a machine that is busy a good answer may come later: the next turns make up for it."""
HANG_S = 3.0
KEY = b"k" * 32
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "line_file.py"


class How(StrEnum):
    """Ways to fail that every network has."""

    BUSY = "busy, with a time to come back"
    BROKEN = "an error of the server"
    CUT = "half an answer"
    HUNG = "no answer"
    DROPPED = "a connection that is cut"
    REFUSED = "a refusal of this one message"


class Peer(Protocol):
    """A destination and what stands behind it."""

    @property
    def destination(self) -> Destination:
        """Ready to deliver."""
        ...

    def told(self, events: list[AlertEvent]) -> list[str]:
        """Ids of those of these events that had an effect, one for each effect, in order within an alert."""
        ...

    def fail(self, how: How) -> None:
        """Fail the next attempt."""
        ...

    def stop(self) -> None:
        """Refuse connections."""
        ...

    def start(self) -> None:
        """Accept them again."""
        ...


HTTP: dict[How, Reply | CutShort | Hang | Drop] = {
    How.BUSY: Reply(429, None, headers=(("Retry-After", "7"),)),
    How.BROKEN: Reply(503, None),
    How.CUT: CutShort(0.5),
    How.HUNG: Hang(HANG_S),
    How.DROPPED: Drop(),
    How.REFUSED: Reply(400, None),
}
SMTP = {
    How.BUSY: Break("CONNECT", 421),
    How.BROKEN: Break("MAIL", 451),
    How.CUT: Break("EHLO", cut=True),
    How.HUNG: Break("RCPT", hang_s=HANG_S),
    How.DROPPED: Break("DATA"),
    How.REFUSED: Break("RCPT", 550),
}


class GrafanaPeer:
    """Annotations: a line for each transition."""

    destination: Destination

    def __init__(self, fake: FakeGrafana) -> None:
        self.fake = fake
        self.destination = Grafana(GrafanaBoard(fake.url, fake.token("Editor"), timeout_s=TIMEOUT_S))
        self.stop, self.start = fake.stop, fake.start

    def told(self, events: list[AlertEvent]) -> list[str]:
        """From the annotations' texts."""
        ids = {(event.alert, written(event)): event.id for event in events}
        rows = list(self.fake.world.annotations.values())
        lines = [(row.tags[1].removeprefix("alert:"), line) for row in rows for line in row.text.split("\n")]
        return [ids[alert, line] for alert, line in lines if LINE.match(line)]

    def fail(self, how: How) -> None:
        """Of the next call."""
        self.fake.fail(Fault(HTTP[how]))


class WebhookPeer:
    """Requests, repeats told by their key."""

    destination: Destination

    def __init__(self, fake: FakeReceiver) -> None:
        self.fake = fake
        self.destination = Webhook("hook", fake.url, [KEY], timeout_s=TIMEOUT_S)
        self.stop, self.start = fake.stop, fake.start

    def told(self, events: list[AlertEvent]) -> list[str]:
        """The keys."""
        return self.fake.keys()

    def fail(self, how: How) -> None:
        """Of the next request."""
        self.fake.fail(Fault(HTTP[how]))


class MailPeer:
    """Mails, repeats told by their Message-ID."""

    destination: Destination

    def __init__(self, fake: FakeMailServer) -> None:
        self.fake = fake
        server = Server("127.0.0.1", fake.port, "none", timeout_s=TIMEOUT_S)
        self.destination = Mail("mail", server, sender="ww@hospital.example", to=("ward@hospital.example",))
        self.stop, self.start = fake.stop, fake.start

    def told(self, events: list[AlertEvent]) -> list[str]:
        """The Message-IDs."""
        ids = {reference(event.site, event.id): event.id for event in events}
        return [ids[key] for key in self.fake.message_ids()]

    def fail(self, how: How) -> None:
        """Of the next conversation."""
        self.fake.fail(SMTP[how])


class FhirPeer:
    """Alerts at a FHIR server: a note of the Communication for each transition."""

    destination: Destination

    def __init__(self, fake: FakeFhir) -> None:
        self.fake = fake
        fake.store.write(patient("p-1"))
        server = HttpFhirServer(fake.url, TOKEN, timeout_s=TIMEOUT_S)
        self.destination = AlertRecords(server, people(), audit())
        self.stop, self.start = fake.stop, fake.start

    def told(self, events: list[AlertEvent]) -> list[str]:
        """From the Communications' notes."""
        ids = {(event.alert, line(event)): event.id for event in events}
        told = [
            (r["identifier"][0]["value"], n["text"]) for r in self.fake.store.all("Communication") for n in r["note"]
        ]
        return [ids[transition] for transition in told]

    def fail(self, how: How) -> None:
        """Of the next call."""
        self.fake.fail(Fault(HTTP[how]))


class LineFilePeer:
    """The documented example of a plug-in; a file breaks in one way only: its folder is gone."""

    def __init__(self, folder: Path) -> None:
        spec = importlib.util.spec_from_file_location("line_file", EXAMPLE)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        self.folder = folder / "there"
        self.folder.mkdir()
        self.destination = Plugged("lines", module.make("lines", {"path": str(self.folder / "a.jsonl")}))

    def told(self, events: list[AlertEvent]) -> list[str]:
        """The lines."""
        file = self.folder / "a.jsonl"
        return [line.split('"')[3] for line in file.read_text().splitlines()] if file.exists() else []

    def fail(self, how: How) -> None:
        """Never."""
        raise NotImplementedError

    def stop(self) -> None:
        """The folder is gone."""
        self.folder.rename(self.folder.with_name("gone"))

    def start(self) -> None:
        """And back."""
        self.folder.with_name("gone").rename(self.folder)


@contextmanager
def grafana(_: Path) -> Iterator[Peer]:
    """Grafana."""
    with FakeGrafana() as fake:
        yield GrafanaPeer(fake)


@contextmanager
def webhook(_: Path) -> Iterator[Peer]:
    """A webhook."""
    with FakeReceiver() as fake:
        yield WebhookPeer(fake)


@contextmanager
def mail(_: Path) -> Iterator[Peer]:
    """A mail server."""
    with FakeMailServer() as fake:
        yield MailPeer(fake)


@contextmanager
def fhir(_: Path) -> Iterator[Peer]:
    """A FHIR server."""
    with FakeFhir() as fake:
        yield FhirPeer(fake)


@contextmanager
def line_file(folder: Path) -> Iterator[Peer]:
    """The example."""
    yield LineFilePeer(folder)


PEERS: dict[str, Callable[[Path], AbstractContextManager[Peer]]] = {
    "grafana": grafana,
    "webhook": webhook,
    "mail": mail,
    "fhir": fhir,
    "line-file": line_file,
}
NETWORKED = ("grafana", "webhook", "mail", "fhir")
