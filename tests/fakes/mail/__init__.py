"""A mail server over real TCP (RFC 5321; STARTTLS, RFC 3207; AUTH PLAIN, RFC 4616) that breaks on request."""

import base64
import email
import email.policy
import socket
import socketserver
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from types import TracebackType
from typing import Literal, Self

__all__ = ["Break", "FakeMailServer", "Taken"]

Stage = Literal["CONNECT", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "TAKEN"]
"""When a fault strikes; TAKEN is after the mail was taken, before that is said."""


@dataclass(frozen=True)
class Break:
    """At this stage: answer `code` (0: close, half of an answer if `cut`), or hang for `hang_s`. For `only`, if set."""

    stage: Stage
    code: int = 0
    cut: bool = False
    hang_s: float = 0.0
    only: str = ""


@dataclass(frozen=True)
class Taken:
    """One mail that was taken: for whom, by whom and whether over TLS."""

    to: tuple[str, ...]
    user: str
    tls: bool
    message: EmailMessage


class FakeMailServer:
    """Listens on loopback. With `context` it offers STARTTLS, with `login` it wants that user and password."""

    def __init__(self, context: ssl.SSLContext | None = None, login: tuple[str, str] | None = None) -> None:
        self.context, self.login = context, login
        self.taken: list[Taken] = []
        self.stopping = threading.Event()
        self._faults: list[Break] = []
        self._lock = threading.Lock()
        self._server: _Server | None = None
        self.port = 0

    def message_ids(self) -> list[str]:
        """Message-IDs of the mails taken, each once, in the order of their first arrival."""
        return list(dict.fromkeys(str(one.message["Message-ID"]) for one in self.taken))

    def fail(self, *faults: Break) -> None:
        """Each strikes once, at its stage."""
        with self._lock:
            self._faults.extend(faults)

    def due(self, stage: Stage, text: str = "") -> Break | None:
        """Take the first fault of that stage."""
        with self._lock:
            found = next((f for f in self._faults if f.stage == stage and f.only in text), None)
            if found is not None:
                self._faults.remove(found)
            return found

    def start(self) -> None:
        """Listen: on a free port at first, on the same one after a stop."""
        self.stopping.clear()
        self._server = _Server(("127.0.0.1", self.port), self)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Refuse connections."""
        if self._server is not None:
            self.stopping.set()
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], fake: FakeMailServer) -> None:
        self.fake = fake
        super().__init__(address, _Session)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is what faults are for."""


class _Closed(Exception):  # noqa: N818 - the conversation is over
    """The server broke off."""


class _Session(socketserver.BaseRequestHandler):
    """One conversation."""

    server: _Server

    def handle(self) -> None:
        """Until either side has enough."""
        self.link: socket.socket = self.request
        self.tls, self.user, self.to = False, "", list[str]()
        self.file = self.link.makefile("rb")
        with suppress(_Closed, OSError, ssl.SSLError):
            self.say("CONNECT", "220 fake ESMTP")
            while line := self.file.readline():
                self.obey(line.decode().strip())

    def obey(self, line: str) -> None:
        """One command."""
        word = line.partition(" ")[0].upper()
        fake = self.server.fake
        match word:
            case "EHLO" | "HELO":
                offers = ["fake", "SIZE 1000000"]
                offers += ["STARTTLS"] if fake.context is not None and not self.tls else []
                offers += ["AUTH PLAIN"] if fake.login is not None else []
                text = "".join(f"250{'-' if n < len(offers) - 1 else ' '}{o}\r\n" for n, o in enumerate(offers))
                self.say("EHLO", text.removesuffix("\r\n"))
            case "STARTTLS":
                self.say("STARTTLS", "220 go")
                assert fake.context is not None
                self.link = fake.context.wrap_socket(self.link, server_side=True)
                self.file, self.tls = self.link.makefile("rb"), True
            case "AUTH":
                user, password = base64.b64decode(line.split(" ")[2]).decode().split("\0")[1:]
                right = (user, password) == fake.login
                self.user = user if right else ""
                self.say("AUTH", "235 ok" if right else "535 no")
            case "MAIL":
                self.to = []
                open_ = fake.login is None or self.user
                self.say("MAIL", "250 ok" if open_ else "530 log in first")
            case "RCPT":
                address = line.partition("<")[2].rstrip(">")
                if self.say("RCPT", "250 ok", address):
                    self.to.append(address)
            case "DATA":
                if self.say("DATA", "354 go on"):
                    self.take()
            case "QUIT":
                self.send("221 bye")
                raise _Closed
            case _:
                self.send("250 ok")

    def take(self) -> None:
        """The mail itself, up to the lone dot (dots doubled, RFC 5321, 4.5.2)."""
        lines = []
        while (line := self.file.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        message = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        self.server.fake.taken.append(Taken(tuple(self.to), self.user, self.tls, message))
        self.say("TAKEN", "250 taken")

    def say(self, stage: Stage, text: str, about: str = "") -> bool:
        """The answer, or the fault that is due; whether it was a good answer."""
        fault = self.server.fake.due(stage, about)
        if fault is None:
            self.send(text)
            return True
        if fault.hang_s:
            end = time.monotonic() + fault.hang_s
            while time.monotonic() < end and not self.server.fake.stopping.wait(0.02):
                pass
            raise _Closed
        if fault.code:
            self.send(f"{fault.code} as asked")
            return False
        if fault.cut:
            self.link.sendall(text[: len(text) // 2].encode())
        with suppress(OSError):
            self.link.shutdown(socket.SHUT_RDWR)
        raise _Closed

    def send(self, text: str) -> None:
        """A line."""
        self.link.sendall(text.encode() + b"\r\n")
