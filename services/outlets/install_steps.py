"""What every step of an install into Grafana shares: what it did, and what Grafana's answers mean for it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from grafana_client.client import GrafanaClientError, GrafanaException

from services.outlets.board import BoardMisconfigured, BoardUnavailable
from services.runtime.errors import BadInputError

Json = Any
Api = Any
"""`grafana_client.api.GrafanaApi`, which ships without types."""

FOLDER = {"uid": "wardwatch", "title": "Wardwatch"}
SOURCE = "wardwatch-prometheus"
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, MISMATCH = 401, 403, 404, 409, 412


class Did(StrEnum):
    """What a step did."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    KEPT = "kept"
    """Somebody has changed it in Grafana: it is theirs now, and stays as it is."""
    BY_HAND = "by hand"
    """This Grafana cannot be told so; the words say what a person does."""


@dataclass(frozen=True, slots=True)
class Step:
    """What was installed and what that took; `words` where a person should know more."""

    what: str
    name: str
    did: Did
    words: str = ""


class NameTakenError(BadInputError):
    """Something else in this Grafana already has the name; a person has to decide."""


def held(answer: Json, key: str) -> Json:
    """The answer, which must hold that key: a proxy's login page with status 200 does not."""
    if isinstance(answer, dict) and key in answer:
        return answer
    msg = "what answered is not Grafana's API"
    raise BoardUnavailable(msg)


def listed(answer: Json) -> list[Json]:
    """The answer, which must be a list of objects."""
    if isinstance(answer, list) and all(isinstance(one, dict) for one in answer):
        return answer
    msg = "what answered is not Grafana's API"
    raise BoardUnavailable(msg)


def known(call: Callable[[], Json], key: str) -> Json | None:
    """The answer, or None where Grafana says that there is no such thing."""
    try:
        return held(call(), key)
    except GrafanaClientError as error:
        # "Not found" alone, or a page, is the answer of a wrong address, not of a missing folder.
        said = error.response.get("message", "") if isinstance(error.response, dict) else ""
        if error.status_code == NOT_FOUND and said not in ("", "Not found"):
            return None
        raise


def create(call: Callable[[], object], again: Callable[[], Json | None], what: str) -> None:
    """Create; that someone else created the same one just now is no failure, that its name is taken is one.

    `again` looks for it under our uid: 11.0.0 tells the two apart by 412 and 409, other versions need not.
    """
    try:
        call()
    except GrafanaClientError as error:
        if error.status_code not in (CONFLICT, MISMATCH):
            raise
        if again() is None:
            msg = f"{what} already exists in this Grafana under another uid: rename or delete it, then install again"
            raise NameTakenError(msg, status=CONFLICT) from error


def covers(stored: Json, wanted: Json) -> bool:
    """Whether all that is wanted stands there; what a version of Grafana adds to an object does not matter."""
    if isinstance(wanted, dict):
        return isinstance(stored, dict) and all(k in stored and covers(stored[k], v) for k, v in wanted.items())
    if isinstance(wanted, list):
        same = isinstance(stored, list) and len(stored) == len(wanted)
        return same and all(covers(one, other) for one, other in zip(stored, wanted, strict=True))
    return bool(stored == wanted)


def translated(error: GrafanaException) -> BoardUnavailable | BoardMisconfigured | BadInputError:
    """What an answer means for an install, by what a person can do about it."""
    status = int(error.status_code or 0)
    words = f"Grafana answered {status}: {str(error.message)[:300]}"
    if status in (UNAUTHORIZED, FORBIDDEN, NOT_FOUND):
        return BoardMisconfigured(words)
    if status in range(400, 500) and status not in (408, 429):
        return BadInputError(words, status=status)
    return BoardUnavailable(words)
