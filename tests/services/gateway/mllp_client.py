"""A sender of HL7 v2: a plain socket."""

import socket
from dataclasses import dataclass, field

from schemas.hl7v2.message import Message, parse

START, END = b"\x0b", b"\x1c\r"


@dataclass
class Sender:
    """One connection to an MLLP port."""

    port: int
    connection: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        """Connect."""
        self.connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def put(self, content: bytes) -> None:
        """Send bytes as they are."""
        self.connection.sendall(content)

    def send(self, message: bytes) -> Message:
        """Send a message and read its answer."""
        self.put(START + message + END)
        return self.answer()

    def answer(self) -> Message:
        """The next answer; EOFError when the connection ended."""
        found = b""
        while not found.endswith(END):
            more = self.connection.recv(65_536)
            if not more:
                raise EOFError
            found += more
        return parse(found)

    def said(self, message: bytes) -> str:
        """MSA-1 of the answer."""
        return self.send(message).all("MSA")[0].text(1)

    def close(self) -> None:
        """Hang up."""
        self.connection.close()
