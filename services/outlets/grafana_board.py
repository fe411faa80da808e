"""Annotations in a Grafana (HTTP API of 10 to 12) through grafana-client; answers and refusals as 11.0.0 gives them."""

import time
from typing import Any, TypeVar
from urllib.parse import quote

from grafana_client.api import GrafanaApi
from grafana_client.client import GrafanaException
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from services.outlets.board import (
    Annotation,
    BoardMisconfigured,
    BoardRefused,
    BoardUnavailable,
    Put,
    Revise,
    alert_tag,
)
from services.outlets.grafana_asked import asked_s

T = TypeVar("T")

# Statuses below 500 that say nothing about the annotation: who we are, where we knock, or how often.
MISCONFIGURED = frozenset({401, 403, 404, 405, 407})
LATER = frozenset({408, 421, 423, 425, 429})
GONE, ROW_GONE = 404, "find annotation"


class _Row(BaseModel):
    """What we read of one row of `GET /api/annotations`; Grafana may add fields."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: int
    time: int
    time_end: int = Field(0, alias="timeEnd")
    tags: tuple[str, ...] = ()
    text: str = ""

    def annotation(self, alert: str) -> Annotation:
        """The row as the port's value."""
        return Annotation(alert, self.time, self.time_end or self.time, self.tags, self.text)


class _Created(BaseModel):
    """What we need of the answer to `POST /api/annotations`."""

    id: int


class _Told(BaseModel):
    """What we need of the answer to a change or a deletion: that it is Grafana's."""

    message: str


_ROWS = TypeAdapter(tuple[_Row, ...])
_CREATED = TypeAdapter(_Created)
_TOLD = TypeAdapter(_Told)


class GrafanaBoard:
    """The port's real adapter. `timeout_s` bounds connecting and each read."""

    def __init__(self, url: str, token: str, *, timeout_s: float = 5.0) -> None:
        # grafana-client puts "api" right behind the path, so a Grafana under a path needs the slash.
        base = url.rstrip("/") + "/"
        self._api: Any = GrafanaApi.from_url(url=base, credential=token or None, timeout=timeout_s)
        # grafana-client's exceptions hold no headers, so its session tells us each answer's.
        self._api.client.s.hooks["response"].append(self._hear)
        self._asked_s = 0.0

    def find(self, alert: str) -> Annotation | None:
        """See the port."""
        rows = self._rows(alert)
        return rows[0].annotation(alert) if rows else None

    def put(self, alert: str, revise: Revise) -> Put:
        """See the port."""
        rows = self._rows(alert)
        found = rows[0].annotation(alert) if rows else None
        wanted = revise(found)
        if wanted is None:
            return Put.UNCHANGED
        body = {
            "time_from": wanted.start_ms,
            "time_to": wanted.end_ms,
            "tags": list(wanted.tags),
            "text": wanted.text,
        }
        if found is None:
            _checked(_CREATED, self._call("add_annotation", **body))
            return Put.CREATED
        done = Put.UNCHANGED
        if not found.same(wanted):
            _checked(_TOLD, self._call("update_annotation", rows[0].id, **body))
            done = Put.UPDATED
        # A create whose answer came after our patience ended leaves a second row; the next transition heals it.
        for row in rows[1:]:
            _checked(_TOLD, self._call("delete_annotations_by_id", row.id))
        return done

    def _rows(self, alert: str) -> tuple[_Row, ...]:
        """All rows of the alert, the oldest first. grafana-client puts tags into the address as they are."""
        tags = [quote(alert_tag(alert), safe=":")]
        rows = _checked(_ROWS, self._call("find_annotations", tags=tags, limit=100))
        return tuple(sorted((row for row in rows if alert_tag(alert) in row.tags), key=lambda row: row.id))

    def _call(self, name: str, *args: object, **kwargs: object) -> object:
        """One call of the annotations API, its failures in the port's words."""
        self._asked_s = 0.0
        try:
            answer: object = getattr(self._api.annotations, name)(*args, **kwargs)
        except GrafanaException as error:
            raise translated(error, self._asked_s) from error
        except (OSError, ValueError) as error:
            # The client lets its transport's errors through (all are OSError) and those of an answer cut short.
            msg = f"Grafana did not answer: {type(error).__name__}"
            raise BoardUnavailable(msg) from error
        return answer

    def _hear(self, answer: Any, **_: object) -> None:  # noqa: ANN401 - niquests' hook
        self._asked_s = asked_s(answer.status_code, str(answer.headers.get("Retry-After", "")), time.time())


def translated(
    error: GrafanaException, retry_after_s: float = 0.0
) -> BoardUnavailable | BoardMisconfigured | BoardRefused:
    """The port's word for Grafana's status. A 5xx is never final: 11.0.0 says 500 for a row that has just gone.

    A 404 that speaks of the annotation says the same; one that does not is the answer of a wrong address.
    """
    status = int(error.status_code or 0)
    words = f"Grafana answered {status}: {str(error.message)[:200]}"
    if status == GONE and ROW_GONE in str(error.message):
        return BoardUnavailable(words)
    if status in MISCONFIGURED:
        return BoardMisconfigured(words)
    if status in range(400, 500) and status not in LATER:
        return BoardRefused(words)
    return BoardUnavailable(words, retry_after_s=retry_after_s)


def _checked(shape: TypeAdapter[T], answer: object) -> T:
    """The answer in the shape it must have; a proxy's login page with status 200 is not one."""
    try:
        return shape.validate_python(answer)
    except ValidationError as error:
        msg = "what answered is not Grafana's annotation API"
        raise BoardUnavailable(msg) from error
