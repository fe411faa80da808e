"""Deterministic identifiers: the same fact always gets the same id, so a resend is the same event.

Design rule 1: a reading's id is its source's id and version, else a hash of what it says;
an event's id is the hash of what it holds. BLAKE2b (RFC 7693) with 16 bytes of digest: 128 bits,
written as 26 characters of base 32 so that an id can stand in a URL, a header or a file name.
"""

import hashlib
from typing import Final

_PAIRS: Final = tuple(a + b for a in "abcdefghijklmnopqrstuvwxyz234567" for b in "abcdefghijklmnopqrstuvwxyz234567")
"""Two characters of base 32 (RFC 4648, in lower case) for every ten bits: base64.b32encode costs ten times more."""


_SHIFTS: Final = range(120, -1, -10)
_LENGTHS: Final = tuple(n.to_bytes(4, "big") for n in range(256))


def digest(*parts: object) -> str:
    """26 characters that depend on every part and on where one part ends and the next begins."""
    said = []
    for part in parts:
        raw = (part if type(part) is str else str(part)).encode()
        length = len(raw)
        said.append(_LENGTHS[length] if length < len(_LENGTHS) else length.to_bytes(4, "big"))
        said.append(raw)
    bits = int.from_bytes(hashlib.blake2b(b"".join(said), digest_size=16).digest(), "big") << 2
    return "".join([_PAIRS[bits >> shift & 1023] for shift in _SHIFTS])
