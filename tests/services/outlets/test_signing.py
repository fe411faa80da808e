"""Signatures of webhooks: the specification's own example, rotation, and the documented receiver's verdicts."""

import base64
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.outlets.signing import key_of, signature, signature_header

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "webhook_receiver.py"
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
OLD = "whsec_" + base64.b64encode(b"an older secret of 32 bytes long").decode()


def receiver() -> ModuleType:
    """The example of docs/examples."""
    spec = importlib.util.spec_from_file_location("webhook_receiver", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


EXAMPLE_MODULE = receiver()
verify, VerificationError = EXAMPLE_MODULE.verify, EXAMPLE_MODULE.VerificationError


def headers(message: str, timestamp: int, body: bytes, *secrets: str) -> dict[str, str]:
    """What a webhook sends."""
    signed = signature_header([key_of(s) for s in secrets], message, timestamp, body)
    return {"webhook-id": message, "webhook-timestamp": str(timestamp), "webhook-signature": signed}


def test_the_reference_signature() -> None:
    """The value that the reference libraries of Standard Webhooks test with."""
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    content = b'{"test": 2432232314}'
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, content) == expected


@given(st.binary(max_size=300), st.text("abcdefgh234567", min_size=1, max_size=26), st.integers(0, 2**33))
def test_what_is_signed_is_verified(body: bytes, message: str, timestamp: int) -> None:
    """The documented receiver takes what was signed, and gives its key."""
    assert verify(headers(message, timestamp, body, SECRET), body, [SECRET], timestamp + 3) == message


@given(st.binary(min_size=1, max_size=100), st.integers(0, 99), st.integers(1, 255))
def test_a_changed_body_is_refused(body: bytes, place: int, change: int) -> None:
    """One changed byte anywhere is enough."""
    given_ = headers("m", 1000, body, SECRET)
    place %= len(body)
    changed = body[:place] + bytes([body[place] ^ change]) + body[place + 1 :]
    with pytest.raises(VerificationError, match="no signature"):
        verify(given_, changed, [SECRET], 1000)


def test_secrets_are_replaced_one_side_at_a_time() -> None:
    """Signed with both, a receiver that knows either takes it; signed with the new one, the old receiver refuses it."""
    both = headers("m", 1000, b"{}", SECRET, OLD)
    assert verify(both, b"{}", [OLD], 1000) == verify(both, b"{}", [SECRET], 1000) == "m"
    with pytest.raises(VerificationError):
        verify(headers("m", 1000, b"{}", SECRET), b"{}", [OLD], 1000)


@pytest.mark.parametrize("now", [1000 + 301, 1000 - 301])
def test_an_old_message_is_refused(now: int) -> None:
    """Five minutes from now in either direction is too far."""
    with pytest.raises(VerificationError, match="too far"):
        verify(headers("m", 1000, b"{}", SECRET), b"{}", [SECRET], now)


@pytest.mark.parametrize(
    ("secret", "wrong"), [("whsec_short", "base64|bytes"), ("not base 64!", "base64"), ("", "0 bytes")]
)
def test_a_weak_secret_is_refused_unseen(secret: str, wrong: str) -> None:
    """The message says what is wrong and how to make one, and never repeats the secret."""
    with pytest.raises(ValueError, match=wrong) as caught:
        key_of(secret)
    assert "openssl" in str(caught.value)
    assert not secret or secret not in str(caught.value)
