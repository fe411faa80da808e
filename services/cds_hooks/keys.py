"""A client's public keys (JWK Set, RFC 7517): from a file, or from its address, asked again when a key is unknown."""

import threading
import time
from collections.abc import Callable
from typing import Final

import httpx
import orjson
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from services.cds_hooks.clients import Client
from services.runtime import logs

AGAIN_S: Final = 60.0
"""An address is not asked more often: unknown key ids cost nothing."""
OLD_S: Final = 600.0
"""Then it is asked although nothing is unknown: a key that was withdrawn is forgotten."""
MOST_BYTES: Final = 256_000

log = logs.get(__name__)


class Keys:
    """The keys of one client. Safe from any thread; one thread asks, the others use what is there."""

    def __init__(self, client: Client, *, timeout_s: float = 3.0, now: Callable[[], float] = time.monotonic) -> None:
        self._client, self._now, self._timeout_s = client, now, timeout_s
        self._lock = threading.Lock()
        self._asked = float("-inf")
        self._held = KeySet([])

    def of(self, kid: str) -> KeySet:
        """The keys that have this id: none, or one."""
        age = self._now() - self._asked
        if age > OLD_S or (age > AGAIN_S and not self._named(kid)):
            with self._lock:
                if self._now() - self._asked >= age:  # nobody asked while we waited
                    self._ask()
        return KeySet(self._named(kid))

    def _named(self, kid: str) -> list:  # type: ignore[type-arg]  # joserfc's own union of key classes
        return [key for key in self._held.keys if key.kid == kid]

    def _ask(self) -> None:
        """Load them; when that fails, what was there stays."""
        self._asked = self._now()
        try:
            self._held = KeySet.import_key_set(orjson.loads(self._load()))
        except (OSError, httpx.HTTPError, orjson.JSONDecodeError, JoseError, KeyError, TypeError, ValueError) as error:
            log.warning("a client's keys cannot be read", name=self._client.name, error=type(error).__name__)

    def _load(self) -> bytes:
        if self._client.jwks_file is not None:
            return self._client.jwks_file.read_bytes()
        answer = httpx.get(str(self._client.jwks_url), timeout=self._timeout_s, follow_redirects=False)
        answer.raise_for_status()
        if len(answer.content) > MOST_BYTES:
            raise ValueError("too long for a JWK Set")
        return answer.content
