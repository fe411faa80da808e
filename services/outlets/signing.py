"""Signatures of webhooks by the Standard Webhooks specification 1.0 ("Signature scheme": v1, HMAC-SHA256).

Signed is `ID.TIMESTAMP.BODY`; the header lists a signature for each secret, so that one can be replaced while
both are known to the receiver. docs/examples/webhook_receiver.py is the other side.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

PREFIX: Final = "whsec_"
LEAST_BYTES, MOST_BYTES = 24, 64


def key_of(secret: str) -> bytes:
    """The key of `whsec_BASE64` (the prefix may be left out); ValueError says what is wrong, never the secret."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("is not base64: make one with `openssl rand -base64 32`") from None
    if not LEAST_BYTES <= len(key) <= MOST_BYTES:
        raise ValueError(f"has {len(key)} bytes; {LEAST_BYTES} to {MOST_BYTES} are needed: `openssl rand -base64 32`")
    return key


def signature(key: bytes, message: str, timestamp: int, content: bytes) -> str:
    """`v1,BASE64` of one key; `timestamp` in whole seconds since 1970, of the attempt."""
    signed = f"{message}.{timestamp}.".encode() + content
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def signature_header(keys: Sequence[bytes], message: str, timestamp: int, content: bytes) -> str:
    """The value of `webhook-signature`: one signature for each key, newest first."""
    return " ".join(signature(key, message, timestamp, content) for key in keys)
