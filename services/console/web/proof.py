"""The sign-in cookie, and the proof that a change was asked from a page of ours (an HMAC of the sign-in)."""

import hashlib
import hmac
from typing import Final

from fastapi import Request

COOKIE: Final = "wardwatch"


def proof(request: Request) -> str:
    """What only a page of ours can know."""
    secret = request.cookies.get(COOKIE, "") or "open"
    return hmac.new(secret.encode(), b"wardwatch console", hashlib.sha256).hexdigest()


def proven(request: Request, given: str) -> bool:
    """Whether the request was made by a page of ours."""
    same_origin = request.headers.get("sec-fetch-site", "same-origin") == "same-origin"
    return same_origin and hmac.compare_digest(given.encode(), proof(request).encode())
