# ruff: noqa: INP001 - examples to copy, not a package
"""A receiver of Wardwatch's webhooks: checks each signature, tells repeats from news, prints alerts.

    export WARDWATCH_WEBHOOK_SECRET=whsec_$(openssl rand -base64 32)
    python docs/examples/webhook_receiver.py 9000

Standard library only: copy `verify` into your own receiver. Standard Webhooks specification 1.0, "Verifying".
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE_S = 300


class VerificationError(ValueError):
    """The message is not from whom it says, or not from now. Answer 401 and use nothing of it."""


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: float) -> str:
    """The message's id, which is the key to tell repeats by; raises VerificationError.

    `headers` by lower-case name; `body` the bytes as they came; `secrets` all that are valid now (`whsec_BASE64`);
    `now` in seconds since 1970.
    """
    message, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message or not timestamp.isdigit():
        raise VerificationError("webhook-id or webhook-timestamp is missing")
    if abs(now - int(timestamp)) > TOLERANCE_S:
        raise VerificationError("webhook-timestamp is too far from now: an old message played again, or a wrong clock")
    given = [part for part in headers.get("webhook-signature", "").split() if part.startswith("v1,")]
    signed = f"{message}.{timestamp}.".encode() + body
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        if any(hmac.compare_digest(expected.encode(), part.encode()) for part in given):
            return message
    raise VerificationError("no signature fits a secret")


class Receiver(BaseHTTPRequestHandler):
    """POST / with a signed event; a repeat is answered like the first time and changes nothing."""

    protocol_version = "HTTP/1.1"
    seen: set[str] = set()  # noqa: RUF012 - shared on purpose; a real receiver keeps it in its database
    secrets: tuple[str, ...] = ()

    def do_POST(self) -> None:
        """Check, remember, print."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            message = verify(headers, body, self.secrets, time.time())
        except VerificationError as error:
            self.answer(401, str(error))
            return
        if message not in self.seen:
            self.seen.add(message)
            event = json.loads(body)
            what = (headers["ce-type"], event.get("severity"), event.get("kind"), event.get("summary"))
            print(*(part for part in what if part), flush=True)  # noqa: T201 - it speaks to a person
        self.answer(204, "")

    def answer(self, status: int, text: str) -> None:
        """A status and a line of text."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Alerts are printed, requests are not."""


def main() -> None:
    """Listen on 127.0.0.1, on the port named first, else 9000."""
    Receiver.secrets = tuple(os.environ["WARDWATCH_WEBHOOK_SECRET"].split())
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 9000
    server = ThreadingHTTPServer(("127.0.0.1", port), Receiver)
    print(f"listening on http://127.0.0.1:{server.server_address[1]}", flush=True)  # noqa: T201 - it speaks to a person
    server.serve_forever()


if __name__ == "__main__":
    main()
