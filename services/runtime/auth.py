"""One authorisation function for every HTTP route: bearer tokens with scopes (RFC 6750)."""

import hmac
import json
from dataclasses import dataclass
from typing import Literal

from services.runtime.settings import Settings

Scope = Literal["publish", "replay", "read", "read:identity", "decide", "admin", "metrics"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking, and what they may do."""

    name: str
    scopes: frozenset[str]


class Refused(Exception):  # noqa: N818 - the answer, not a fault
    """The request may not pass: `status` 401 (who are you?) or 403 (you may not)."""

    def __init__(self, status: Literal[401, 403], reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class Doorkeeper:
    """Decides from the settings alone. Tokens are compared in constant time and never logged."""

    def __init__(self, settings: Settings) -> None:
        self._open = settings.open
        self._tokens = {
            token: Actor(str(who["name"]), frozenset(who["scopes"]))
            for token, who in json.loads(settings.tokens.get_secret_value()).items()
        }

    def who(self, authorization: str | None) -> Actor:
        """The actor behind an Authorization header, whatever their scopes; else Refused (401)."""
        if self._open:
            return Actor("anyone", frozenset({"admin"}))
        scheme, _, given = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not given:
            raise Refused(401, "send Authorization: Bearer TOKEN")
        actor = None
        for token, who in self._tokens.items():  # no early exit: the time must not depend on which one matched
            if hmac.compare_digest(token.encode(), given.strip().encode()):
                actor = who
        if actor is None:
            raise Refused(401, "this token is not known here")
        return actor

    def authorise(self, authorization: str | None, scope: Scope) -> Actor:
        """The actor behind an Authorization header, if they hold the scope (`admin` holds all); else Refused."""
        actor = self.who(authorization)
        if scope not in actor.scopes and "admin" not in actor.scopes:
            raise Refused(403, f"this token lacks the scope {scope!r}")
        return actor
