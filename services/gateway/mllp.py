"""HL7 v2 over MLLP, Release 2 framing (HL7 Transport Specification: MLLP): 0x0B message 0x1C 0x0D, and an ACK.

A connection has one message at a time: the next is read when the one before was answered, so a log that is slow slows
the sender down. The answer AA is given only after every in-sync replica of Kafka has what the message says.
"""

import asyncio
import socket
import ssl
from dataclasses import dataclass, field
from typing import Final

from services.gateway.messages import MessageDoor
from services.runtime import logs

START, END = b"\x0b", b"\x1c\r"
MOST_CONNECTIONS: Final = 64
FRAME_S: Final = 30.0
"""A message that has begun is there within this, or the connection is closed."""
HANDSHAKE_S: Final = 10.0
IDLE_S: Final = 3600.0
"""Between two messages. A sender that lost its power never hangs up: it would hold its place for ever."""
ANSWER_S: Final = 30.0
"""An answer is taken within this: a sender that reads none is gone."""
_log = logs.get(__name__)


@dataclass
class MllpServer:
    """Listens from `start` to `stop`; each connection is a task of the event loop."""

    door: MessageDoor
    idle_s: float = IDLE_S
    _connections: set[asyncio.Task[None]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def start(self, listener: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Listen on a bound socket in this event loop, encrypted with `tls`."""
        self._server = await asyncio.start_server(
            self._connection, sock=listener, limit=self.door.most_bytes, ssl=tls,
            ssl_handshake_timeout=HANDSHAKE_S if tls else None,
        )  # fmt: skip

    async def stop(self) -> None:
        """Close the port and the connections: what was not acknowledged is sent again."""
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "asyncio.start_server makes a task of each"  # noqa: S101 - narrows the type
        self._connections.add(task)
        try:
            if len(self._connections) > MOST_CONNECTIONS:
                _log.warning("too many MLLP connections: one is closed", count=len(self._connections))
                return
            while (content := await self._frame(reader)) is not None:
                answer = await self.door.answer(content)
                if answer is not None:
                    writer.write(START + answer + END)
                    async with asyncio.timeout(ANSWER_S):
                        await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            _log.warning("an MLLP sender went away in the middle of a message; it was not acknowledged")
        except asyncio.CancelledError:
            pass  # we stop: asyncio would log it as a fault of this task
        except TimeoutError:
            _log.warning("an MLLP sender was silent too long, or in the middle of a message: its connection is closed")
            writer.transport.abort()  # else an answer that nobody reads would be held for ever
        finally:
            self._connections.discard(task)
            writer.close()

    async def _frame(self, reader: asyncio.StreamReader) -> bytes | None:
        """The next message; None at the end of the connection. Longer ones are cut: their beginning can be answered."""
        async with asyncio.timeout(self.idle_s):
            while (byte := await reader.read(1)) != START:
                if not byte:
                    return None
        async with asyncio.timeout(FRAME_S):
            try:
                return (await reader.readuntil(END))[: -len(END)]
            except asyncio.LimitOverrunError:
                kept = await reader.readexactly(self.door.most_bytes)
                tail = kept[-1:]
                while END not in tail:
                    more = await reader.read(65_536)
                    if not more:
                        raise ConnectionResetError from None
                    # What follows the end belongs to nobody: senders wait for an answer before they go on.
                    tail = tail[-1:] + more
                return kept + b"\0"
