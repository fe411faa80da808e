"""Sign-ins as sealed cookies: encrypted and authenticated (JWE, RFC 7516: dir, A256GCM), so that none is kept here.

They go on while the issuer is down and, with a session key or a client's secret, over a restart of the console.
"""

import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from services.console.access import ROLES, Role

SHIFT_S: Final = 12 * 3600
_HEADER: Final = {"alg": "dir", "enc": "A256GCM"}
_ALGORITHMS: Final = ["dir", "A256GCM"]


@dataclass(frozen=True, slots=True)
class Person:
    """Who signed in: `name` is shown and recorded with decisions, `subject` is the issuer's own id of them."""

    subject: str
    name: str
    roles: tuple[Role, ...]
    wards: tuple[str, ...]


class Box:
    """Seals small documents for a time, for one use (`kind`) each."""

    def __init__(self, key: bytes, kind: str, now: Callable[[], float] = time.time) -> None:
        self._key, self._kind, self._now = OctKey.import_key(key), kind, now

    def seal(self, content: dict[str, Any], for_s: float) -> str:
        """The content, readable for us alone and until then."""
        told = json.dumps({**content, "kind": self._kind, "until": self._now() + for_s})
        return jwe.encrypt_compact(_HEADER, told, self._key, algorithms=_ALGORITHMS)

    def opened(self, sealed: str) -> dict[str, Any] | None:
        """The content; None for what we did not seal, sealed for another use, or too long ago."""
        if sealed.count(".") != 4:  # noqa: PLR2004 - parts of a JWE
            return None
        try:
            plain = jwe.decrypt_compact(sealed, self._key, algorithms=_ALGORITHMS).plaintext
            content: dict[str, Any] = json.loads(plain or b"{}")
        except (JoseError, ValueError):
            return None
        known = content.get("kind") == self._kind and content.get("until", 0) > self._now()
        return content if known else None


class Sessions:
    """Begun, looked into, and ended sign-ins. An end is known to this process only, until the sign-in runs out."""

    def __init__(self, key: bytes, now: Callable[[], float] = time.time) -> None:
        self._box, self._now = Box(key, "session", now), now
        self._lock = threading.Lock()
        self._ended: dict[str, float] = {}

    def begin(self, person: Person) -> str:
        """The cookie of a new sign-in, good for a shift."""
        return self._box.seal({"sid": secrets.token_urlsafe(12), **asdict(person)}, SHIFT_S)

    def opened(self, cookie: str) -> Person | None:
        """Who is signed in by this cookie; None for nobody, or no longer."""
        content = self._box.opened(cookie)
        if content is None or content["sid"] in self._ended:
            return None
        roles = tuple(role for role in content["roles"] if role in ROLES)
        return Person(content["subject"], content["name"], roles, tuple(content["wards"]))

    def end(self, cookie: str) -> None:
        """Forget a sign-in: a copy of its cookie is worth nothing from now on."""
        content = self._box.opened(cookie)
        if content is None:
            return
        with self._lock:
            self._ended = {sid: until for sid, until in self._ended.items() if until > self._now()}
            self._ended[content["sid"]] = content["until"]
