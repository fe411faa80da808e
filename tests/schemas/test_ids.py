"""Deterministic identifiers."""

import base64
import hashlib

from hypothesis import given
from hypothesis import strategies as st

from schemas.ids import digest


@given(st.lists(st.text() | st.integers() | st.none()))
def test_digest_is_blake2b_in_base_32(parts: list[object]) -> None:
    """An id is the BLAKE2b of its length-prefixed parts, in RFC 4648's base 32 without padding."""
    h = hashlib.blake2b(digest_size=16)
    for part in parts:
        raw = str(part).encode()
        h.update(len(raw).to_bytes(4, "big") + raw)
    assert digest(*parts) == base64.b32encode(h.digest()).decode().rstrip("=").lower()


def test_digest_knows_where_parts_end() -> None:
    """Moving a letter from one part to the next gives another id."""
    assert digest("ab", "c") != digest("a", "bc")
