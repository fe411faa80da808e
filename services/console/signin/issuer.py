"""The issuer as its documents describe it: discovery (OpenID Connect Discovery 1.0), keys (RFC 7517), codes for tokens.

Discovery is kept for an hour and goes on serving while the issuer does not answer; keys are asked for again once when
a token names one that is not known.
"""

import base64
import threading
import time
from collections.abc import Callable
from typing import Annotated, Final
from urllib.parse import quote, urlsplit

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from services.console.signin.settings import Site

KEPT_S: Final = 3600.0
TIMEOUT_S: Final = 5.0
MOST_BYTES: Final = 256_000


class IssuerDown(Exception):  # noqa: N818 - the answer, not a fault
    """The issuer does not answer, or not in the words of the standard; nobody can sign in now."""


class SignInRefused(Exception):  # noqa: N818 - the answer, not a fault
    """The sign-in cannot be trusted, or was not allowed; the text goes to the person."""


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise ValueError("must be an https address")
    return url


Address = Annotated[str, AfterValidator(_address)]


class Document(BaseModel):
    """What is used of the discovery document (section 3)."""

    model_config = ConfigDict(frozen=True)

    issuer: str
    authorization_endpoint: Address
    token_endpoint: Address
    jwks_uri: Address
    end_session_endpoint: Address | None = None
    id_token_signing_alg_values_supported: tuple[str, ...] = ("RS256",)
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class Tokens(BaseModel):
    """What is used of the answer to a code."""

    id_token: str


class Issuer:
    """One issuer. Safe from any thread."""

    def __init__(self, site: Site, http: httpx.Client | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._site, self._now = site, now
        self._http = http or httpx.Client(timeout=TIMEOUT_S, follow_redirects=False)
        self._lock = threading.Lock()
        self._document: tuple[float, Document] | None = None
        self._keys = KeySet([])

    def document(self) -> Document:
        """The discovery document, at most an hour old where the issuer answers. Raises IssuerDown."""
        with self._lock:
            held = self._document
            if held is not None and self._now() - held[0] < KEPT_S:
                return held[1]
            try:
                found = self._discovered()
            except IssuerDown:
                if held is None:
                    raise
                return held[1]
            self._document = (self._now(), found)
            return found

    def forget(self) -> None:
        """Ask for everything again."""
        with self._lock:
            self._document, self._keys = None, KeySet([])

    def keys(self, kid: str | None) -> KeySet:
        """The issuer's keys with this id, asked for again once if there is none; without an id, all. IssuerDown."""
        for asked in (False, True):
            if asked or not self._keys.keys:
                self._keys = self._loaded()
            named = [key for key in self._keys.keys if kid is None or key.kid == kid]
            if named:
                return KeySet(named)
        raise SignInRefused("the issuer has no key of the name that this sign-in was signed with")

    def exchanged(self, code: str, verifier: str, redirect_uri: str) -> str:
        """The ID token for a code (Core 3.1.3). Raises IssuerDown, SignInRefused."""
        document, site = self.document(), self._site
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier,
        }  # fmt: skip
        headers = {"Accept": "application/json"}
        methods = document.token_endpoint_auth_methods_supported
        if site.client_secret and ("client_secret_basic" in methods or "client_secret_post" not in methods):
            pair = f"{quote(site.client_id, safe='')}:{quote(site.client_secret, safe='')}"  # RFC 6749, 2.3.1
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": site.client_id} | (
                {"client_secret": site.client_secret} if site.client_secret else {}
            )
        try:
            answer = self._http.post(document.token_endpoint, data=form, headers=headers)
        except httpx.HTTPError as error:
            raise IssuerDown(f"{type(error).__name__} at its token address") from None
        if answer.status_code in {400, 401, 403}:
            raise SignInRefused("the issuer did not accept this sign-in: it was used already, or waited for too long")
        if answer.status_code != httpx.codes.OK:
            raise IssuerDown(f"it answered {answer.status_code} at its token address")
        try:
            return Tokens.model_validate_json(answer.content).id_token
        except ValidationError:
            raise IssuerDown("it sent no ID token") from None

    def _discovered(self) -> Document:
        issuer = self._site.issuer
        content = self._got(issuer.rstrip("/") + "/.well-known/openid-configuration")
        try:
            found = Document.model_validate_json(content)
        except ValidationError as error:
            wrong = ", ".join(".".join(map(str, e["loc"])) or "the whole" for e in error.errors())
            raise IssuerDown(f"its discovery document cannot be used: {wrong}") from None
        if found.issuer != issuer:  # Discovery, 4.3: exactly
            raise IssuerDown("its discovery document names another issuer than WARDWATCH_OIDC_ISSUER")
        return found

    def _loaded(self) -> KeySet:
        content = self._got(self.document().jwks_uri)
        try:
            return KeySet.import_key_set(httpx.Response(200, content=content).json())
        except (JoseError, KeyError, TypeError, ValueError):
            raise IssuerDown("its keys cannot be read") from None

    def _got(self, address: str) -> bytes:
        try:
            answer = self._http.get(address, headers={"Accept": "application/json"})
        except httpx.HTTPError as error:
            raise IssuerDown(f"{type(error).__name__} at {address}") from None
        if answer.status_code != httpx.codes.OK or len(answer.content) > MOST_BYTES:
            raise IssuerDown(f"it answered {answer.status_code} at {address}")
        return answer.content
