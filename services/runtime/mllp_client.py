"""A sender of HL7 v2 messages: one connection, one message at a time, each with its answer (MLLP)."""

import socket
import ssl
from dataclasses import dataclass
from typing import Final

from schemas.hl7v2.message import MessageError, parse

START, END = b"\x0b", b"\x1c\r"
PATIENCE_S: Final = 40.0


@dataclass(slots=True)
class MllpClient:
    """Connects when the first message is sent, and again when the connection was lost."""

    address: tuple[str, int]
    tls: ssl.SSLContext | None = None
    _connection: socket.socket | None = None

    def ask(self, message: bytes) -> tuple[str, str, str]:
        """MSA-1, MSA-3 and the first ERR-8 of the answer; raises OSError when none comes. Line ends become CR."""
        try:
            if self._connection is None:
                plain = socket.create_connection(self.address, timeout=PATIENCE_S)
                host = self.address[0]
                self._connection = self.tls.wrap_socket(plain, server_hostname=host) if self.tls else plain
            body = message.strip(b"\x0b\x1c\r\n").replace(b"\r\n", b"\r").replace(b"\n", b"\r")
            self._connection.sendall(START + body + b"\r" + END)
            return self._answer(self._connection)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @staticmethod
    def _answer(connection: socket.socket) -> tuple[str, str, str]:
        found = b""
        while not found.endswith(END):
            more = connection.recv(65_536)
            if not more:
                raise ConnectionResetError("the gateway hung up before it answered")
            found += more
        try:
            answer = parse(found)
        except MessageError as error:
            raise ConnectionError(f"no HL7 answer: {error.reason}") from None
        msa, err = answer.first("MSA"), answer.first("ERR")
        if msa is None:
            raise ConnectionError("an answer without MSA")
        return msa.text(1).replace("C", "A", 1), msa.text(3), err.text(8) if err else ""
