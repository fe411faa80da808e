"""A webhook's receiver over real HTTP that keeps what it was sent, and breaks on request as the fake Grafana does."""

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from tests.fakes.grafana.faults import CutShort, Drop, Fault, Hang, Lose, Reply

__all__ = ["FakeReceiver", "Received"]


@dataclass(frozen=True)
class Received:
    """One request that the receiver took: headers by lower-case name, and the bytes."""

    headers: dict[str, str]
    body: bytes


class FakeReceiver:
    """Listens on loopback; `received` is what it took, repeats included."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.calls = 0
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._port = 0
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        """The address; stays the same over `stop` and `start`."""
        return f"http://127.0.0.1:{self._port}/hook"

    def keys(self) -> list[str]:
        """The keys taken, each once, in the order of their first arrival."""
        return list(dict.fromkeys(one.headers["webhook-id"] for one in self.received))

    def fail(self, *faults: Fault) -> None:
        """Each call takes the first of these that is not used up."""
        with self._lock:
            self._faults.extend(faults)

    def due(self) -> Fault | None:
        """Take the next fault."""
        with self._lock:
            self.calls += 1
            if not self._faults:
                return None
            found = self._faults[0]
            self._faults[:1] = [replace(found, times=found.times - 1)] if found.times > 1 else []
            return found

    def start(self) -> None:
        """Listen."""
        self._server = _Server(("127.0.0.1", self._port), self)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Refuse connections and cut those that stand."""
        if self._server is not None:
            self._server.stopping.set()
            self._server.shutdown()
            self._server.cut()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], fake: FakeReceiver) -> None:
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
        """A caller that went away is what faults are for."""

    def cut(self) -> None:
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    """Head and body are two writes: each call of a kept connection would wait 40 ms for an acknowledgement."""
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Tests read `received`."""

    def do_POST(self) -> None:
        """The fault that is due, or the work: keep it and answer 204."""
        fake = self.server.fake
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = fake.due()
        how = None if fault is None else fault.how
        if isinstance(how, Hang) and not how.worked:
            self.server.stopping.wait(how.seconds)
        if isinstance(how, Drop) or (isinstance(how, Hang) and not how.worked):
            self.close()
            return
        if isinstance(how, Reply):
            self.send(how)
            return
        fake.received.append(Received({name.lower(): value for name, value in self.headers.items()}, body))
        if isinstance(how, Lose | Hang):
            self.close()
            return
        self.send(Reply(200, "{}" * 50), share=how.share if isinstance(how, CutShort) else 1.0)

    def send(self, reply: Reply, share: float = 1.0) -> None:
        """Announce the whole answer and send that share of it."""
        body = b"" if reply.body is None else str(reply.body).encode()
        self.send_response(reply.status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in reply.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: int(len(body) * share)])
        if share < 1.0:
            self.close()

    def close(self) -> None:
        """Cut the connection."""
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
