"""An HL7 v2 message → its acknowledgement: AA only after every in-sync replica of Kafka has what the message says."""

import asyncio
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from schemas.hl7v2.acknowledgement import Code, Wrong, acknowledgement
from schemas.hl7v2.message import Message, MessageError, parse
from services.gateway.accept import Accepted, Asked
from services.gateway.accept_hl7v2 import MessageCore
from services.gateway.gateway import LARGE_BYTES, SERVICE, Gateway, TurnedAway
from services.runtime import logs, metrics
from services.runtime.errors import BadInputError, DependencyError

MOST_BYTES: Final = 4_000_000
PATIENCE_S, AGAIN_S = 20.0, 1.0
"""How long an answer waits for the log; senders usually give up after 30 s."""
MOST_WRONG: Final = 20
TOLD_OF: Final = 80
_LINE_END: Final = re.compile(rb"[\r\n]")
_Told = tuple[Code, str, list[Wrong]]
_Said = tuple[Message | None, Code, str, list[Wrong]]
_log = logs.get(__name__)


@dataclass
class MessageDoor:
    """Answers messages; `senders` are the MSH-3 that may speak, None for all whom the network lets through.

    Only messages whose MSH-11 is `processing` are taken.
    """

    gateway: Gateway
    core: MessageCore
    senders: frozenset[str] | None = None
    processing: str = "P"
    most_bytes: int = MOST_BYTES
    patience_s: float = PATIENCE_S
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def answer(self, content: bytes) -> bytes | None:
        """The acknowledgement of one message; None where its sender wants none."""
        message, code, text, wrong = await self._answered(content)
        metrics.counted(metrics.REQUESTS, SERVICE, "MLLP", code).inc()
        now = self.gateway.clock.now()
        return acknowledgement(message, code, text, wrong, now, f"{now:%Y%m%d%H%M%S}{next(self._numbers)}")

    async def _answered(self, content: bytes) -> _Said:
        header = _header(content)
        # Who may not speak leaves nothing behind, not even in quarantine.
        if self.senders is not None and (header is None or header.header.text(3) not in self.senders):
            return header, "AR", "MSH-3 is not among WARDWATCH_MLLP_SENDERS: it may not speak here", []
        if header is not None and header.header.text(11) not in {"", self.processing}:
            reason = f"MSH-11 is not {self.processing}: messages for training or tests are not taken for patients here"
            return header, "AR", reason, [Wrong("MSH-11", "202", "E", reason)]
        if len(content) > self.most_bytes:
            return header, "AR", f"longer than {self.most_bytes} bytes: send it in parts", []
        try:
            # A large one is read where it holds up no other sender.
            message = header if header is not None and len(content) > LARGE_BYTES else parse(content)
        except MessageError as error:
            told = Wrong(error.where, error.code, "E", error.reason)
            said = await self._applied(content, "MLLP" if header is None else header.sender)
            return header, *(("AE", "quarantined", [told]) if said[0] != "AR" else said)
        return message, *await self._applied(content, message.sender)

    async def _applied(self, content: bytes, source: str) -> _Told:
        """What became of a message, by the source it came from."""
        try:
            asked = Asked(self.gateway.site, self.gateway.known(None), source, origin="hl7v2")
            return _told(await self._taken(content, asked))
        except BadInputError as error:
            return "AE", "quarantined", [Wrong(error.path, "207", "E", error.reason)]
        except TurnedAway as error:
            return "AE", error.reason, [Wrong("MSH-3", "207", "E", error.reason)]
        except DependencyError:
            return "AR", "not written: the log or a store does not answer; send it again", []
        except Exception as error:  # noqa: BLE001 - a fault of ours costs this message, not the connection
            _log.error("a message failed", error=type(error).__name__)
            return "AR", "a fault of this gateway: send it again, a repeat changes nothing", []

    async def _taken(self, content: bytes, asked: Asked) -> Accepted:
        """`Gateway.take`, again while the log does not answer."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self.patience_s
        while True:
            try:
                return await self.gateway.take(content, asked, self.core)
            except DependencyError:
                if loop.time() + AGAIN_S > until:
                    raise
                await asyncio.sleep(AGAIN_S)


def _told(accepted: Accepted) -> _Told:
    """What is said of an accepted message: good parts count, so one of which some is bad is AA with warnings.

    That the person could be read is not enough: an admission of which the stay could not is AE.
    """
    bad = [entry for entry in accepted.entries if entry.fate == "quarantined"]
    said = [entry for entry in accepted.entries if entry.kind != "Patient"] or accepted.entries
    whole = bool(bad) and all(entry.fate == "quarantined" for entry in said)
    wrong = [Wrong(_where(entry.path), "207", "E" if whole else "W", entry.reason) for entry in bad[:MOST_WRONG]]
    if whole:
        return "AE", "quarantined", wrong
    ignored = next((entry.reason for entry in accepted.entries if entry.fate == "ignored"), "nothing is told in it")
    if accepted.count("applied") == 0:
        return "AA", f"ignored: {ignored}"[:TOLD_OF], wrong
    return "AA", f"applied; {len(bad)} quarantined" if bad else "applied", wrong


def _where(path: str) -> str:
    """A v2 location as it is; a FHIR path names the segment it was read from."""
    kind = path.partition(".")[0]
    return {"Patient": "PID", "Encounter": "PV1", "Observation": "OBX", "Appointment": "SCH"}.get(kind, path)


def _header(content: bytes) -> Message | None:
    """The first segment alone, so that a sender is answered by its message's number; None where it is no MSH."""
    try:
        return parse(_LINE_END.split(content.strip(b"\x0b\r\n"), maxsplit=1)[0])
    except MessageError:
        return None
