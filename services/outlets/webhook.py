"""A webhook as a destination: CloudEvents 1.0 over HTTP in binary mode (HTTP binding 1.0.2, 3.1), signed.

Any 2xx is a delivery: what the answer's body says, or whether it comes whole, changes nothing. The receiver tells a
repeat by `webhook-id`, which is the event's id. 408, 409, 425, 429 and 5xx are tried again; any other 4xx is final.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import quote

import httpx

from schemas.envelope import TYPE_PREFIX, TYPE_SUFFIX
from schemas.events import AlertEvent, Event
from services.outlets.delivery import Outcome
from services.outlets.destination import Attempt
from services.outlets.leaving import body
from services.outlets.signing import signature_header
from services.runtime.ports import Partition

LATER: Final = frozenset({408, 409, 425, 429})
PRINTABLE: Final = "".join(map(chr, range(0x21, 0x7F))).replace('"', "").replace("%", "")
TEST_TYPE: Final = "wardwatch.test.v1"


@dataclass(frozen=True, slots=True)
class Message:
    """One request, before it is signed: an id that never changes, CloudEvents attributes, a body."""

    id: str
    type: str
    source: str
    subject: str
    time: datetime
    content: bytes


class Webhook:
    """A receiver of alerts by HTTP. `keys` newest first; `timeout_s` bounds connecting and each read."""

    topics = ("alerts",)

    def __init__(
        self,
        name: str,
        url: str,
        keys: Sequence[bytes],
        *,
        hospital: bool = False,
        timeout_s: float = 10.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.name, self._url, self._keys, self._hospital, self._now = name, url, tuple(keys), hospital, now
        # Redirections are not followed: the body and its signature are for the receiver that was configured.
        self._http = httpx.Client(timeout=timeout_s, follow_redirects=False)

    def begin(self, partition: Partition, offset: int) -> None:
        """Nothing to remember."""

    def deliver(self, event: Event) -> Attempt:
        """Send it once."""
        if not isinstance(event, AlertEvent):
            return Attempt(Outcome.REFUSED, f"{type(event).__name__} is not a transition of an alert")
        kind = f"{TYPE_PREFIX}{type(event).__name__}{TYPE_SUFFIX}"
        content = body(event, hospital=self._hospital)
        return self.send(Message(event.id, kind, f"urn:wardwatch:{event.site}", event.alert, event.known, content))

    def test(self) -> Attempt:
        """Send what nobody takes for an alert: an event of a type of its own, about nobody."""
        at = datetime.fromtimestamp(self._now(), UTC)
        content = b'{"test":true,"text":"Wardwatch was asked to test this webhook. There is no alert."}'
        return self.send(Message(f"test-{at:%Y%m%dT%H%M%S%f}", TEST_TYPE, "urn:wardwatch", "test", at, content))

    def send(self, message: Message) -> Attempt:
        """One signed request."""
        try:
            with self._http.stream("POST", self._url, headers=self.headers(message), content=message.content) as answer:
                return judged(answer.status_code, answer.headers.get("Retry-After", ""), self._now())
        except httpx.TransportError as error:
            return Attempt(Outcome.UNAVAILABLE, f"the webhook did not answer: {type(error).__name__}")
        except httpx.InvalidURL:
            return Attempt(Outcome.MISCONFIGURED, "the webhook's address is not a URL")

    def headers(self, message: Message) -> dict[str, str]:
        """CloudEvents attributes (percent-encoded, HTTP binding 3.1.3.2) and the signature of this moment."""
        timestamp = int(self._now())
        key = header_value(message.id)
        return {
            "Content-Type": "application/json",
            "User-Agent": "Wardwatch",
            "ce-specversion": "1.0",
            "ce-id": key,
            "ce-type": header_value(message.type),
            "ce-source": header_value(message.source),
            "ce-subject": header_value(message.subject),
            "ce-time": message.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "webhook-id": key,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature_header(self._keys, key, timestamp, message.content),
        }


def judged(status: int, retry_after: str, now: float) -> Attempt:
    """What a status means for this message; the receiver's own words are not kept, they may say anything."""
    words = f"the webhook answered {status}"
    if 200 <= status < 300:  # noqa: PLR2004 - RFC 9110, 15.3
        return Attempt(Outcome.DELIVERED, words)
    if 400 <= status < 500 and status not in LATER:  # noqa: PLR2004 - RFC 9110, 15.5
        return Attempt(Outcome.REFUSED, words)
    if 300 <= status < 400:  # noqa: PLR2004 - RFC 9110, 15.4
        return Attempt(Outcome.MISCONFIGURED, f"{words}: redirections are not followed, configure the final address")
    return Attempt(Outcome.UNAVAILABLE, words, retry_after_s(retry_after, now))


def retry_after_s(value: str, now: float) -> float:
    """Seconds that a Retry-After asks for (RFC 9110, 10.2.3: seconds or a date); 0 for none or nonsense."""
    if value.strip().isascii() and value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, OverflowError):
        return 0.0


def header_value(text: str) -> str:
    """Text as a header may carry it: what is not printable ASCII, and space, quote and percent, encoded."""
    return quote(text, safe=PRINTABLE)
