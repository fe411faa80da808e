"""A sign-in from its beginning to the person: code with PKCE S256, state and nonce, bound to one browser."""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import httpx

from services.console.signin import id_token
from services.console.signin.issuer import Issuer, IssuerDown, SignInRefused
from services.console.signin.sessions import Box, Person
from services.console.signin.settings import Site

BEGUN_S: Final = 600
"""As long may someone take at the issuer's page."""


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send the browser, and the cookie that it must bring back."""

    location: str
    cookie: str


class SignIn:
    """Sign-in at one issuer."""

    def __init__(
        self, site: Site, key: bytes, http: httpx.Client | None = None, now: Callable[[], float] = time.time
    ) -> None:
        self.issuer = Issuer(site, http)
        self._site, self._now = site, now
        self._box = Box(key, "begun", now)

    def begin(self, target: str, redirect_uri: str) -> Begun:
        """Start; `target` is the page to come back to. Raises IssuerDown."""
        document = self.issuer.document()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code", "client_id": self._site.client_id, "redirect_uri": redirect_uri,
            "scope": self._site.scopes, "state": state, "nonce": nonce, "code_challenge": challenge,
            "code_challenge_method": "S256",
        }  # fmt: skip
        told = {"state": state, "nonce": nonce, "verifier": verifier, "target": target, "redirect": redirect_uri}
        joint = "&" if "?" in document.authorization_endpoint else "?"
        return Begun(f"{document.authorization_endpoint}{joint}{urlencode(query)}", self._box.seal(told, BEGUN_S))

    def finish(self, cookie: str, answer: Mapping[str, str]) -> tuple[Person, str]:
        """Who signed in, and the page they wanted. Raises SignInRefused, IssuerDown."""
        begun = self._box.opened(cookie)
        if begun is None:
            raise SignInRefused("it was begun in another browser, or too long ago")
        if not hmac.compare_digest(answer.get("state", "").encode(), begun["state"].encode()):
            raise SignInRefused("its answer belongs to another sign-in")
        if answer.get("iss", self._site.issuer) != self._site.issuer:  # RFC 9207: against mixed-up issuers
            raise SignInRefused("its answer comes from another issuer")
        if "error" in answer:
            raise SignInRefused(f"the sign-in service said: {answer.get('error_description') or answer['error']}"[:300])
        token = self.issuer.exchanged(answer.get("code", ""), begun["verifier"], begun["redirect"])
        allowed = frozenset(self.issuer.document().id_token_signing_alg_values_supported)
        claims = id_token.checked(token, self._site, self.issuer.keys, allowed, begun["nonce"], self._now())
        return id_token.person(claims, self._site), begun["target"]

    def ending(self, back: str) -> str | None:
        """Where to end it at the issuer too (RP-Initiated Logout 1.0); None: it has no such page, or is down."""
        try:
            address = self.issuer.document().end_session_endpoint
        except IssuerDown:
            return None
        if address is None:
            return None
        query = {"client_id": self._site.client_id, "post_logout_redirect_uri": back}
        return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"
