"""Deterministic identifiers: the same fact always gets the same id, so a resend is the same event.

Design rule 1: a reading's id is its source's id and version, else a hash of what it says;
an event's id is the hash of what it holds. BLAKE2b (RFC 7693) with 16 bytes of digest: 128 bits,
written as 26 characters of base 32 so that an id can stand in a URL, a header or a file name.
"""

import base64
import hashlib


def digest(*parts: object) -> str:
    """26 characters that depend on every part and on where one part ends and the next begins."""
    h = hashlib.blake2b(digest_size=16)
    for part in parts:
        raw = str(part).encode()
        h.update(len(raw).to_bytes(4, "big"))
        h.update(raw)
    return base64.b32encode(h.digest()).decode().rstrip("=").lower()
