"""Who is calling: the client's JWT (CDS Hooks 2.0, "Trusting CDS Clients"; RFC 7515, 7519).

Checked are: algorithm (ES384 or RS384), typ, kid, issuer by allow-list, signature by that issuer's own keys, aud = the
address that was called, exp, iat, and that a jti is used once. A `jku` in the token is never followed.
"""

import binascii
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.util import urlsafe_b64decode

from services.cds_hooks.clients import Client
from services.cds_hooks.keys import Keys

ALGORITHMS: Final = ("ES384", "RS384")
LEEWAY_S: Final = 60
LONGEST_S: Final = 3600
"""Of a token's life from now: used ids are remembered for so long."""
MOST_TOKEN: Final = 8192
MOST_USED: Final = 200_000


class Untrusted(Exception):  # noqa: N818 - the answer, not a fault
    """The token is not one that we trust; answered with 401. The words go to the client."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who was let in, and how it names patients."""

    name: str
    patients: Literal["id", "identifier"] = "id"


class Trust:
    """Decides by the clients alone. Without clients everybody is let in: only for development."""

    def __init__(self, clients: Sequence[Client], *, now: Callable[[], float] = time.time) -> None:
        self._clients = {client.issuer: (client, Keys(client)) for client in clients}
        self._now = now
        self._used: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    @property
    def open(self) -> bool:
        """Whether nobody is asked."""
        return not self._clients

    def caller(self, authorization: str | None, audiences: Sequence[str]) -> Caller:
        """Who is behind an Authorization header, calling one of these addresses; raises Untrusted."""
        if self.open:
            return Caller("anyone")
        scheme, _, token = (authorization or "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token or len(token) > MOST_TOKEN:
            raise Untrusted("send Authorization: Bearer JWT")
        header, claims = _peeked(token)
        if header.get("alg") not in ALGORITHMS or str(header.get("typ")).upper() != "JWT":
            raise Untrusted(f"alg must be one of {', '.join(ALGORITHMS)} and typ JWT")
        issuer, kid = claims.get("iss"), header.get("kid")
        if not isinstance(issuer, str) or issuer not in self._clients:
            raise Untrusted("this issuer is not on the list")
        client, keys = self._clients[issuer]
        if not isinstance(kid, str) or not (held := keys.of(kid)):
            raise Untrusted("no key of this issuer has this kid")
        try:
            trusted = jwt.decode(token, held, algorithms=list(ALGORITHMS)).claims
            jwt.JWTClaimsRegistry(
                int(self._now()), LEEWAY_S, iss={"essential": True}, exp={"essential": True}, iat={"essential": True},
                jti={"essential": True}, aud={"essential": True, "values": list(audiences)},
            ).validate(trusted)  # fmt: skip
        except JoseError as error:
            raise Untrusted(f"the token is not valid: {error}") from None
        self._once(issuer, str(trusted["jti"]), float(trusted["exp"]))
        return Caller(client.name, client.patients)

    def _once(self, issuer: str, jti: str, expires: float) -> None:
        """Refuse a jti that was used while its token may still be shown."""
        now = self._now()
        if expires > now + LONGEST_S:
            raise Untrusted(f"exp is more than {LONGEST_S} s ahead")
        with self._lock:
            if len(self._used) >= MOST_USED:
                self._used = {key: end for key, end in self._used.items() if end > now}
            if self._used.get((issuer, jti), 0.0) > now:
                raise Untrusted("this jti was used before")
            if len(self._used) >= MOST_USED:
                raise Untrusted("too many tokens at once")
            self._used[issuer, jti] = expires + LEEWAY_S


def _peeked(token: str) -> tuple[dict[str, object], dict[str, object]]:
    """Header and claims before anything is proven: only to find the key by."""
    try:
        parts = [orjson.loads(urlsafe_b64decode(part.encode())) for part in token.split(".")[:2]]
    except (ValueError, binascii.Error):
        raise Untrusted("this is not a JWT") from None
    if len(parts) != 2 or not all(isinstance(part, dict) for part in parts):  # noqa: PLR2004 - RFC 7515, 7.1
        raise Untrusted("this is not a JWT")
    return parts[0], parts[1]
