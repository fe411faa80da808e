"""A DEMO issuer: whoever comes may be anyone. For the demo and for tests, never for patients.

What it says and remembers, without a server (demo.py is its door). It speaks as much of OpenID Connect Core 1.0 as
the console uses, with PKCE S256 asked of everyone.
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import ECKey

from services.console.signin.demo_people import PEOPLE, DemoPerson

CLIENT: Final = "wardwatch"
CODE_S: Final = 60
TOKEN_S: Final = 300


@dataclass(frozen=True, slots=True)
class Waiting:
    """A code that was given out and not exchanged yet."""

    subject: str
    redirect_uri: str
    nonce: str
    challenge: str
    until: float


@dataclass(slots=True)
class DemoIssuer:
    """Its name, its key, the addresses that it sends people back to, and the codes that are out."""

    url: str
    redirect_uris: Sequence[str]
    people: Sequence[DemoPerson] = PEOPLE
    client_id: str = CLIENT
    now: Callable[[], float] = time.time
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": secrets.token_hex(4)}))
    codes: dict[str, Waiting] = field(default_factory=dict)

    def discovery(self) -> dict[str, object]:
        """Discovery 1.0, section 3."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "end_session_endpoint": f"{self.url}/end",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def wrong(self, query: dict[str, str]) -> str:
        """What is wrong with an authorization request; empty: nothing."""
        if query.get("client_id") != self.client_id:
            return f"client_id must be {self.client_id}"
        if query.get("redirect_uri") not in self.redirect_uris:
            return f"redirect_uri must be one of {', '.join(self.redirect_uris)}"
        if query.get("response_type") != "code" or "openid" not in query.get("scope", "").split():
            return "response_type must be code and scope hold openid"
        if query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
            return "PKCE with S256 is asked of everyone"
        return "" if query.get("state") and query.get("nonce") else "state and nonce are asked of everyone"

    def granted(self, query: dict[str, str], subject: str) -> str:
        """Where to send someone who chose who to be."""
        code = secrets.token_urlsafe(24)
        self.codes[code] = Waiting(
            subject, query["redirect_uri"], query["nonce"], query["code_challenge"], self.now() + CODE_S
        )
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state'], 'iss': self.url})}"

    def token(self, form: dict[str, str]) -> str | None:
        """The ID token for a code, once; None: no such code, or not for whoever shows it."""
        waiting = self.codes.pop(form.get("code", ""), None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=")
        if (
            waiting is None
            or waiting.until < self.now()
            or form.get("client_id") != self.client_id
            or form.get("redirect_uri") != waiting.redirect_uri
            or not hmac.compare_digest(proof, waiting.challenge.encode())
        ):
            return None
        who = next(person for person in self.people if person.subject == waiting.subject)
        return self.signed(
            {
                "sub": who.subject, "name": who.name, "roles": list(who.roles), "wards": list(who.wards),
                "nonce": waiting.nonce,
            }
        )  # fmt: skip

    def signed(self, claims: dict[str, object]) -> str:
        """An ID token with these claims."""
        at = int(self.now())
        times = {"iss": self.url, "aud": self.client_id, "iat": at, "exp": at + TOKEN_S}
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, times | claims, self.key)
