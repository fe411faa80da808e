"""Who an ID token says signed in, checked as OpenID Connect Core 1.0, section 3.1.3.7, asks."""

import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.util import urlsafe_b64decode

from services.console.signin.issuer import SignInRefused
from services.console.signin.sessions import Person
from services.console.signin.settings import Site

ALGORITHMS: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
"""Signatures by a private key only: neither `none`, nor by a secret that both sides hold."""
LEEWAY_S: Final = 120
"""Clocks of hospitals differ by so much."""
OLDEST_S: Final = 600
"""An ID token is made when the code is exchanged; one made long ago is a copy."""
LONGEST: Final = 200
"""Characters of a name that is shown and recorded."""


def checked(
    token: str, site: Site, keys: Callable[[str | None], KeySet], allowed: frozenset[str], nonce: str, now: float
) -> dict[str, Any]:
    """The token's claims; raises SignInRefused, and IssuerDown through `keys`. `allowed`: the issuer's algorithms."""
    header = _header(token)
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS & allowed:
        raise SignInRefused(f"it is signed by {algorithm!r}, which is not allowed here")
    kid = header.get("kid")
    try:
        held = keys(kid if isinstance(kid, str) else None)
        claims = jwt.decode(token, held, algorithms=[str(algorithm)]).claims
        jwt.JWTClaimsRegistry(
            int(now), LEEWAY_S, iss={"essential": True, "value": site.issuer}, sub={"essential": True},
            aud={"essential": True, "value": site.client_id}, exp={"essential": True}, iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        ).validate(claims)  # fmt: skip
    except JoseError as error:
        raise SignInRefused(f"its ID token is not valid: {error}") from None
    audience = claims["aud"]
    if (isinstance(audience, list) and len(audience) > 1 and "azp" not in claims) or (
        claims.get("azp", site.client_id) != site.client_id
    ):
        raise SignInRefused("its ID token was made for another application")
    if now - claims["iat"] > OLDEST_S + LEEWAY_S:
        raise SignInRefused("its ID token was made too long ago")
    return claims


def person(claims: Mapping[str, Any], site: Site) -> Person:
    """Who it is and what they may do here; raises SignInRefused for someone without a role."""
    name = next(iter(_texts(_at(claims, site.claims["name"]), split=False)), "") or str(claims["sub"])
    name = "".join(c for c in name if c.isprintable())[:LONGEST]
    roles = site.roles_of(_texts(_at(claims, site.claims["roles"])))
    if not roles:
        raise SignInRefused("you have no role in Wardwatch; whoever runs the sign-in service can give you one")
    return Person(str(claims["sub"]), name, roles, _texts(_at(claims, site.claims["wards"])))


def _at(claims: Mapping[str, Any], path: str) -> object:
    """A claim by its name, or by a path of names (`realm_access.roles`); None where there is none."""
    if path in claims:
        return claims[path]
    found: object = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _texts(value: object, *, split: bool = True) -> tuple[str, ...]:
    """A claim as texts: a list as it is, a text at its blanks and commas."""
    if isinstance(value, str):
        return tuple(value.replace(",", " ").split()) if split else (value,)
    return tuple(str(item) for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _header(token: str) -> dict[str, Any]:
    """The header before anything is proven: only to find the key by."""
    try:
        found = json.loads(urlsafe_b64decode(token.partition(".")[0].encode()))
    except (ValueError, binascii.Error):
        found = None
    if not isinstance(found, dict):
        raise SignInRefused("what the issuer sent is no ID token")
    return found
