"""What the settings say about the issuer, checked at start: claims, roles, the key of sign-ins."""

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from services.console.access import ROLES, Role
from services.runtime.settings import Settings

CLAIMS: Final = {"name": "name", "roles": "roles", "wards": "wards"}
OUR_ROLES: Final[Mapping[str, Role]] = {role: role for role in ROLES}


class WrongSetting(ValueError):  # noqa: N818 - a kind of wrong value
    """A WARDWATCH_OIDC_* setting cannot be used; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Site:
    """How this site's issuer names things. `roles` None: by our own names."""

    issuer: str
    client_id: str
    client_secret: str
    scopes: str
    claims: Mapping[str, str]
    roles: Mapping[str, Role] | None

    def roles_of(self, told: Iterable[str]) -> tuple[Role, ...]:
        """The issuer's roles as ours; those without a meaning here are left out."""
        meant = OUR_ROLES if self.roles is None else self.roles
        return tuple(sorted({meant[name] for name in told if name in meant}))


def site_of(settings: Settings) -> Site | None:
    """The issuer of the settings, None when there is none. Raises WrongSetting."""
    if not settings.oidc_issuer:
        return None
    roles: dict[str, Role] = {}
    for theirs, ours in _texts("OIDC_ROLES", settings.oidc_roles).items():
        if ours not in OUR_ROLES:
            raise WrongSetting(f"WARDWATCH_OIDC_ROLES: {ours!r} is none of {', '.join(OUR_ROLES)}")
        roles[theirs] = OUR_ROLES[ours]
    claims = _texts("OIDC_CLAIMS", settings.oidc_claims)
    if unknown := set(claims) - set(CLAIMS):
        raise WrongSetting(f"WARDWATCH_OIDC_CLAIMS: {min(unknown)!r} is none of {', '.join(CLAIMS)}")
    if "openid" not in settings.oidc_scopes.split():
        raise WrongSetting("WARDWATCH_OIDC_SCOPES: must hold 'openid', else the issuer tells nobody's name")
    return Site(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        scopes=settings.oidc_scopes,
        claims=CLAIMS | claims,
        roles=roles or None,
    )


def key_of(settings: Settings) -> bytes:
    """The 32 bytes that seal sign-ins: of the session key, else of the client's secret, else made up now."""
    for secret in (settings.session_key, settings.oidc_client_secret):
        if value := secret.get_secret_value():
            return blake2b(value.encode(), digest_size=32, person=b"ww session").digest()
    return secrets.token_bytes(32)


def _texts(name: str, value: str) -> dict[str, str]:
    try:
        found = json.loads(value or "{}")  # as containers hand on what nobody set
    except ValueError as error:
        raise WrongSetting(f"WARDWATCH_{name}: not JSON: {error}") from None
    if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):
        raise WrongSetting(f"WARDWATCH_{name}: must be a JSON object of texts")
    return found
