"""The HTTP server of the fake Grafana: loopback, one thread a connection, who may call, which faults are due."""

import base64
import json
import re
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.grafana import alerting, annotations, provisioning
from tests.fakes.grafana.faults import CutShort, Drop, Fault, Hang, Lose, Reply
from tests.fakes.grafana.world import Answer, Caller, Request, Role, World

Route = Callable[[World, Request], Answer]

ADMIN = ("admin", "admin")
NOBODY = Caller("", "none")


def health(world: World, _request: Request) -> Answer:
    """`GET /api/health`, which needs no token."""
    return Answer(200, {"commit": "277ef258d4", "database": "ok", "version": world.version})


ROUTES: list[tuple[str, str, Route]] = [
    ("GET", r"/api/health", health),
    ("POST", r"/api/serviceaccounts", alerting.create_account),
    ("POST", r"/api/serviceaccounts/\d+/tokens", alerting.create_token),
    ("GET", r"/api/annotations", annotations.find),
    ("POST", r"/api/annotations", annotations.create),
    ("GET", r"/api/annotations/tags", annotations.count_tags),
    ("POST", r"/api/annotations/graphite", annotations.create_graphite),
    ("GET", r"/api/annotations/\d+", annotations.one),
    ("PUT", r"/api/annotations/\d+", annotations.change),
    ("PATCH", r"/api/annotations/\d+", annotations.change),
    ("DELETE", r"/api/annotations/\d+", annotations.delete),
    ("POST", r"/api/folders", provisioning.create_folder),
    ("GET", r"/api/folders/[^/]+", provisioning.get_folder),
    ("PUT", r"/api/folders/[^/]+", provisioning.update_folder),
    ("POST", r"/api/datasources", provisioning.create_source),
    ("GET", r"/api/datasources/uid/[^/]+", provisioning.get_source),
    ("PUT", r"/api/datasources/uid/[^/]+", provisioning.update_source),
    ("POST", r"/api/dashboards/db", provisioning.save_dashboard),
    ("GET", r"/api/dashboards/uid/[^/]+", provisioning.get_dashboard),
    ("POST", r"/api/live/push/[^/]+", alerting.push),
    ("GET", r"/api/v1/provisioning/contact-points", alerting.list_contact_points),
    ("POST", r"/api/v1/provisioning/contact-points", alerting.create_contact_point),
    ("PUT", r"/api/v1/provisioning/contact-points/[^/]+", alerting.update_contact_point),
    ("GET", r"/api/v1/provisioning/alert-rules", alerting.list_rules),
    ("POST", r"/api/v1/provisioning/alert-rules", alerting.create_rule),
    ("PUT", r"/api/v1/provisioning/alert-rules/[^/]+", alerting.update_rule),
]


class FakeGrafana:
    """A Grafana on loopback; `faults` are taken in order, `calls` are all requests seen as (method, target)."""

    def __init__(self, version: str = "11.0.0") -> None:
        self.world = World(version=version)
        self.calls: list[tuple[str, str]] = []
        self._faults: deque[Fault] = deque()
        self._lock = threading.Lock()
        self._port = 0
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        """Base address; stays the same over `stop` and `start`."""
        return f"http://127.0.0.1:{self._port}"

    def token(self, role: Role = "Editor") -> str:
        """A new service-account token of that role."""
        key = f"glsa_test_{role.lower()}_{len(self.world.tokens)}"
        self.world.tokens[key] = Caller(f"sa-1-{role.lower()}", role)
        return key

    def fail(self, *faults: Fault) -> None:
        """Add faults; each call takes the first that fits it and is not used up."""
        with self._lock:
            self._faults.extend(faults)

    def heal(self) -> None:
        """Forget the faults that are left."""
        with self._lock:
            self._faults.clear()

    def start(self) -> None:
        """Listen: on a free port at first, on the same one after a stop."""
        server = _Server(("127.0.0.1", self._port), self)
        self._port = server.server_address[1]
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

    def answer(self, request: Request) -> Answer:
        """What Grafana says to a call, faults aside."""
        route = next(
            (r for method, path, r in ROUTES if method == request.method and re.fullmatch(path, request.path)), None
        )
        if route is None:
            return Answer(404, {"message": "Not found"})
        with self._lock:
            try:
                return route(self.world, request)
            except json.JSONDecodeError:
                # Recorded for annotations; elsewhere the role is checked before the body is read, as in those handlers.
                return annotations.BAD_DATA

    def caller(self, authorization: str) -> Caller | Answer:
        """Who that header names, or the 401 for it."""
        told = {"extra": None, "statusCode": 401, "traceID": ""}
        kind, _, value = authorization.partition(" ")
        if kind == "Bearer" and value in self.world.tokens:
            return self.world.tokens[value]
        if kind == "Basic" and base64.b64decode(value).decode() == ":".join(ADMIN):
            return Caller(ADMIN[0], "Admin")
        if kind == "Bearer":
            return Answer(401, {**told, "message": "Invalid API key", "messageId": "api-key.invalid"})
        return Answer(401, {**told, "message": "Unauthorized", "messageId": "auth.unauthorized"})

    def due(self, method: str, path: str) -> Fault | None:
        """Take the first fault that fits this call."""
        with self._lock:
            found = next((f for f in self._faults if f.fits(method, path)), None)
            if found is not None:
                place = self._faults.index(found)
                del self._faults[place]
                if found.times > 1:
                    self._faults.insert(place, replace(found, times=found.times - 1))
            return found


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], grafana: FakeGrafana) -> None:
        self.grafana = grafana
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
    # Head and body are two writes: without this each call of a kept connection waits 40 ms for an acknowledgement.
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Tests read `calls`, not the terminal."""

    def handle_call(self) -> None:
        """One call: the fault that is due, or the work."""
        grafana = self.server.grafana
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        target = urlsplit(self.path)
        grafana.calls.append((self.command, self.path))
        fault = grafana.due(self.command, target.path)
        how = None if fault is None else fault.how
        if isinstance(how, Hang) and not how.worked:
            self.server.stopping.wait(how.seconds)
        if isinstance(how, Drop) or (isinstance(how, Hang) and not how.worked):
            self.close()
        elif isinstance(how, Reply):
            self.send(how)
        else:
            self.work(target.path, target.query, sent.decode(), how)

    def work(self, path: str, query: str, sent: str, how: CutShort | Hang | Lose | None) -> None:
        """Do what was asked, then answer it as well as the fault allows."""
        grafana = self.server.grafana
        caller = NOBODY if path == "/api/health" else grafana.caller(self.headers.get("Authorization") or "")
        pairs = parse_qsl(query, keep_blank_values=True)
        if isinstance(caller, Caller):
            answer = grafana.answer(Request(self.command, path, pairs, sent, caller))
        else:
            answer = caller
        if isinstance(how, Hang):
            self.server.stopping.wait(how.seconds)
        if isinstance(how, (Hang, Lose)):
            self.close()
        else:
            self.send(Reply(answer.status, answer.body), share=1.0 if how is None else how.share)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_call  # noqa: N815 - http.server's names

    def send(self, reply: Reply, share: float = 1.0) -> None:
        """Announce the whole answer and send that share of it."""
        body = b"" if reply.body is None else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in reply.headers:
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
