"""What a token may do in a Grafana: each call asked with a body that nobody can carry out, so that nothing changes.

Grafana refuses a role before it reads what was sent (403), and a body it cannot read after that (400); an annotation
without words is a 403 or a 400 in the same order. Recorded of 11.0.0 for annotations, dashboards, folders and Live.
"""

from dataclasses import dataclass
from typing import Final, Literal

import httpx

from services.outlets.board import BoardMisconfigured, BoardUnavailable

Role = Literal["Viewer", "Editor", "Admin"]
UNREADABLE: Final = b"{"
UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 401, 403, 404
AWAY: Final = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Right:
    """One thing that Wardwatch does in Grafana, the call that it needs, and the smallest role that may (11.0.0)."""

    name: str
    used_by: Literal["outlets", "install"]
    role: Role
    path: str
    body: bytes = UNREADABLE


RIGHTS: Final = (
    Right("push live streams", "outlets", "Viewer", "/api/live/push/wardwatch", b""),
    Right("write annotations", "outlets", "Editor", "/api/annotations", b'{"text":"","tags":["wardwatch"]}'),
    Right("create folders", "install", "Editor", "/api/folders"),
    Right("save dashboards", "install", "Editor", "/api/dashboards/db"),
    Right("set alert rules", "install", "Editor", "/api/v1/provisioning/alert-rules"),
    Right("set contact points", "install", "Editor", "/api/v1/provisioning/contact-points"),
    Right("set data sources", "install", "Admin", "/api/datasources"),
)
"""In the order in which they need more; docs/grafana.md prints it."""


@dataclass(frozen=True, slots=True)
class Held:
    """Whether the token has a right, and what Grafana said where it has not."""

    right: Right
    allowed: bool
    words: str = ""


def rights(url: str, token: str, *, timeout_s: float = 10.0) -> list[Held]:
    """Ask for each. Raises BoardMisconfigured where the token or the address is none, and BoardUnavailable."""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    try:
        with httpx.Client(base_url=url.rstrip("/"), headers=headers, timeout=timeout_s) as client:
            return [_asked(client, right) for right in RIGHTS]
    except (httpx.TransportError, httpx.InvalidURL) as error:
        msg = f"Grafana did not answer: {type(error).__name__}"
        raise BoardUnavailable(msg) from error


def _asked(client: httpx.Client, right: Right) -> Held:
    answer = client.post(right.path, content=right.body)
    words = f"Grafana answered {answer.status_code}: {_message(answer)}"
    if answer.status_code == UNAUTHORIZED or answer.is_redirect:
        raise BoardMisconfigured(words)
    if answer.status_code in AWAY:
        raise BoardUnavailable(words)
    # A call that is not there is switched off (Live) or not of this version: health has told that it is a Grafana.
    refused = answer.status_code in (FORBIDDEN, NOT_FOUND)
    return Held(right, not refused, words if refused else "")


def _message(answer: httpx.Response) -> str:
    """Grafana's own words, cut; nothing of a page that is not its."""
    try:
        said = answer.json()
    except ValueError:
        return ""
    return str(said.get("message", ""))[:300] if isinstance(said, dict) else ""
