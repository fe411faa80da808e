"""An OpenID Connect issuer in memory, in front of httpx: it signs with RSA, asks for a client's secret, and can fail.

It keeps the contract of tests/contracts/test_issuer.py, as the demo's issuer does; its faults are set as attributes.
"""

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

URL, CLIENT, SECRET = "https://id.hospital.example/realms/main", "console-4711", "s3cret/+"
BACK = "https://console.hospital.example/login/oidc/callback"


def new_key() -> RSAKey:
    """A signing key with a name of its own."""
    return RSAKey.generate_key(2048, {"kid": secrets.token_hex(4)})


@dataclass
class FakeIssuer:
    """`claims` are whose sign-in comes next, `spoil` changes them, `header` the token's; `asked` counts requests."""

    now: Callable[[], float]
    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "u1", "name": "Amara Obi", "roles": ["care-team"]})
    spoil: dict[str, Any] = field(default_factory=dict)
    header: dict[str, str] = field(default_factory=dict)
    document: dict[str, Any] = field(default_factory=dict)
    down: bool = False
    broken: bool = False
    key: RSAKey = field(default_factory=new_key)
    published: list[RSAKey] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """The key is known until it is rotated."""
        self.published = [self.key]

    def http(self) -> httpx.Client:
        """A client for which this issuer is the network."""
        return httpx.Client(transport=httpx.MockTransport(self.answer))

    def rotate(self) -> None:
        """Sign with a new key from now on, and publish it only."""
        self.key = new_key()
        self.published = [self.key]

    def choose(self, location: str) -> str:
        """A person signs in at the authorization address; where they are sent back to."""
        query = dict(httpx.URL(location).params)
        assert query["redirect_uri"] == BACK
        code = secrets.token_urlsafe(8)
        self.codes[code] = query
        return f"{BACK}?{urlencode({'code': code, 'state': query['state'], 'iss': URL})}"

    def answer(self, request: httpx.Request) -> httpx.Response:
        """What the issuer answers to the console."""
        path = request.url.path.removeprefix("/realms/main")
        self.asked.append(path)
        if self.down:
            raise httpx.ConnectError("nobody listens", request=request)
        if self.broken:
            return httpx.Response(200, text="<html>maintenance</html>")
        if path == "/.well-known/openid-configuration":
            return httpx.Response(200, json=self._document() | self.document)
        if path == "/certs":
            return httpx.Response(200, json=KeySet(list(self.published)).as_dict(private=False))
        if path == "/token" and request.method == "POST":
            return self._token(request)
        return httpx.Response(404)

    def _document(self) -> dict[str, Any]:
        return {
            "issuer": URL,
            "authorization_endpoint": f"{URL}/auth",
            "token_endpoint": f"{URL}/token",
            "jwks_uri": f"{URL}/certs",
            "end_session_endpoint": f"{URL}/logout",
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        scheme, _, pair = request.headers.get("authorization", "").partition(" ")
        client = tuple(map(unquote, base64.b64decode(pair).decode().split(":"))) if scheme == "Basic" else ()
        begun = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if client != (CLIENT, SECRET):
            return httpx.Response(401, json={"error": "invalid_client"})
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if begun is None or challenge != begun["code_challenge"] or form["redirect_uri"] != begun["redirect_uri"]:
            return httpx.Response(400, json={"error": "invalid_grant"})
        return httpx.Response(200, json={"access_token": "a", "token_type": "Bearer", "id_token": self._signed(begun)})

    def _signed(self, begun: dict[str, str]) -> str:
        at = int(self.now())
        told = {"iss": URL, "aud": CLIENT, "iat": at, "exp": at + 300, "nonce": begun["nonce"]} | self.claims
        told = {name: value for name, value in (told | self.spoil).items() if value is not None}
        header = {"alg": "RS256", "kid": str(self.key.kid)} | self.header
        return jwt.encode(header, told, self.key, algorithms=["RS256", "PS256"])
