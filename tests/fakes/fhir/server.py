"""The HTTP side of the fake FHIR server: loopback, one thread a connection, a token, which faults are due."""

import json
import socket
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.fhir.store import Answer, Store, outcome
from tests.fakes.grafana.faults import CutShort, Drop, Fault, Hang, Lose, Reply

TOKEN = "hospital-token"
PREFIX = "/fhir"


class FakeFhir:
    """A FHIR server on loopback under /fhir; `faults` are taken in order, `calls` are all requests (method, target)."""

    def __init__(self) -> None:
        self.store = Store()
        self.calls: list[tuple[str, str]] = []
        self._faults: list[Fault] = []
        self._lock = threading.RLock()
        self._port = 0
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        """Base address; stays the same over `stop` and `start`."""
        return f"http://127.0.0.1:{self._port}{PREFIX}"

    def fail(self, *faults: Fault) -> None:
        """Add faults; each call takes the first that fits it and is not used up."""
        with self._lock:
            self._faults += [replace(f, prefix=PREFIX) if f.prefix == "/api/" else f for f in faults]

    def heal(self) -> None:
        """Forget the faults that are left."""
        with self._lock:
            self._faults.clear()

    def due(self, method: str, path: str) -> Fault | None:
        """Take the first fault that fits this call."""
        with self._lock:
            found = next((f for f in self._faults if f.fits(method, path)), None)
            if found is not None:
                place = self._faults.index(found)
                self._faults[place : place + 1] = [replace(found, times=found.times - 1)] if found.times > 1 else []
            return found

    def start(self) -> None:
        """Listen: on a free port at first, on the same one after a stop."""
        server = _Server(("127.0.0.1", self._port), self)
        self._port = server.server_address[1]
        self.store.base = self.url
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        self._server = server

    def stop(self) -> None:
        """Refuse connections and cut those that stand, as a stopped process does; what was stored stays."""
        if self._server is not None:
            self._server.shutdown()
            self._server.cut()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def answer(self, method: str, target: str, sent: bytes, headers: dict[str, str]) -> Answer:
        """What the server says to a call, faults aside."""
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return outcome(401, "login")
        url = urlsplit(target)
        parts = url.path.removeprefix(PREFIX).strip("/").split("/")
        with self._lock:
            match method, parts:
                case "GET", [kind, id_]:
                    return self.store.get(kind, id_)
                case "GET", [kind]:
                    return self.store.search(kind, dict(parse_qsl(url.query)))
                case "PUT", [kind, id_]:
                    return self.store.put(kind, id_, sent, headers)
        return outcome(404, "not-supported")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], fake: FakeFhir) -> None:
        self.fake = fake
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket) -> None:  # type: ignore[override]
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that went away is what faults are for; anything else is a mistake in this fake."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def cut(self) -> None:
        self.stopping.set()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    """Head and body are two writes: each call of a kept connection would wait 40 ms for an acknowledgement."""
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Tests read `calls`, not the terminal."""

    def handle_call(self) -> None:
        """One call: the fault that is due, or the work."""
        fake = self.server.fake
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fake.calls.append((self.command, self.path))
        fault = fake.due(self.command, urlsplit(self.path).path)
        how = None if fault is None else fault.how
        answer = Answer(0)
        if not isinstance(how, Drop | Reply) and not (isinstance(how, Hang) and not how.worked):
            answer = fake.answer(self.command, self.path, sent, dict(self.headers.items()))
        match how:
            case Reply(status, body, content_type, headers):
                self.send(Answer(status, body, headers), content_type)
            case Hang(seconds):
                self.server.stopping.wait(seconds)
                self.close()
            case Drop() | Lose():
                self.close()
            case CutShort(share):
                self.send(answer, share=share)
            case _:
                self.send(answer)

    do_GET = do_PUT = handle_call  # noqa: N815 - http.server's names

    def send(self, answer: Answer, content_type: str = "application/fhir+json", share: float = 1.0) -> None:
        """Announce the whole answer and send that share of it."""
        body = (
            answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode() if answer.body else b""
        )
        self.send_response(answer.status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: int(len(body) * share)])
        if share < 1.0:
            self.close()

    def close(self) -> None:
        """Cut the connection as a dying process does."""
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
