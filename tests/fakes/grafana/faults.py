"""Ways in which a Grafana fails a caller, as values: a test lists them and each call takes the first that fits."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reply:
    """Answer this instead of working: 429 with Retry-After, 502 of a proxy, a login page with status 200."""

    status: int
    body: Any = None
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class CutShort:
    """Do the work, announce the whole answer, send `share` of its bytes, and close."""

    share: float = 0.5


@dataclass(frozen=True)
class Hang:
    """Do nothing and answer nothing for `seconds`, then close; before the work unless `worked`."""

    seconds: float = 30.0
    worked: bool = False


@dataclass(frozen=True)
class Drop:
    """Close the connection before doing anything."""


@dataclass(frozen=True)
class Lose:
    """Do the work and close without an answer: the caller cannot know that it happened."""


@dataclass(frozen=True)
class Fault:
    """`times` calls of `method` (any if empty) under `prefix` fail in way `how`."""

    how: Reply | CutShort | Hang | Drop | Lose
    times: int = 1
    method: str = ""
    prefix: str = "/api/"

    def fits(self, method: str, path: str) -> bool:
        """Whether this fault is for that call."""
        return path.startswith(self.prefix) and self.method in ("", method)
