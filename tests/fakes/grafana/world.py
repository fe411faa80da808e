"""What the fake Grafana knows: accounts, annotations, folders, data sources, dashboards, alerting; one organisation."""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

Json = Any
Role = Literal["none", "Viewer", "Editor", "Admin"]

RANK: dict[Role, int] = {"none": 0, "Viewer": 1, "Editor": 2, "Admin": 3}


@dataclass(frozen=True)
class Caller:
    """Who asks: a login and its role in the organisation."""

    login: str
    role: Role

    def at_least(self, role: Role) -> bool:
        """Whether this caller may do what `role` may do."""
        return RANK[self.role] >= RANK[role]


@dataclass(frozen=True)
class Request:
    """One call: path without query, query pairs in order, and the body as text."""

    method: str
    path: str
    query: list[tuple[str, str]]
    body: str
    caller: Caller

    def all(self, name: str) -> list[str]:
        """Every value of a repeated query parameter, in order."""
        return [value for key, value in self.query if key == name]

    def one(self, name: str, default: str = "") -> str:
        """The last value of a query parameter."""
        return (self.all(name) or [default])[-1]


@dataclass(frozen=True)
class Answer:
    """Status and JSON body; a `None` body is sent as no bytes at all."""

    status: int
    body: Json = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Annotation:
    """A row of Grafana's annotation table: times in epoch milliseconds."""

    id: int
    time: int
    time_end: int
    text: str
    tags: list[str]
    login: str
    created: int
    updated: int
    dashboard_uid: str | None = None
    panel_id: int = 0


@dataclass
class World:
    """All rows; `now` gives epoch seconds so that a test can hold the time still.

    `version` 11.0.0 answers as recorded; of others only what is documented or must be lived with is different.
    """

    version: str = "11.0.0"
    now: Callable[[], float] = time.time
    accounts: dict[int, dict[str, Json]] = field(default_factory=dict)
    tokens: dict[str, Caller] = field(default_factory=dict)
    annotations: dict[int, Annotation] = field(default_factory=dict)
    folders: dict[str, dict[str, Json]] = field(default_factory=dict)
    dashboards: dict[str, dict[str, Json]] = field(default_factory=dict)
    sources: dict[str, dict[str, Json]] = field(default_factory=dict)
    contact_points: dict[str, dict[str, Json]] = field(default_factory=dict)
    rules: dict[str, dict[str, Json]] = field(default_factory=dict)
    pushed: list[str] = field(default_factory=list)
    # Grafana keeps folders and dashboards in one table, so they share one sequence of ids; user 1 is the admin.
    account_ids: Iterator[int] = field(default_factory=lambda: itertools.count(2))
    token_ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    annotation_ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    dashboard_ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    source_ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    rule_ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def major(self) -> int:
        """10, 11 or 12."""
        return int(self.version.split(".")[0])

    def milliseconds(self) -> int:
        """Now, as annotations count it."""
        return int(self.now() * 1000)

    def stamp(self) -> str:
        """Now, to the second, as folders, dashboards and rules print it."""
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.now()))


def refused(permissions: str, *, number: int = 1000000000) -> Answer:
    """Role-based access control's 403, which names the permissions that lack."""
    return Answer(
        403,
        {
            "accessErrorId": f"ACE{number}",
            "message": f"You'll need additional permissions to perform this action. Permissions needed: {permissions}",
            "title": "Access denied",
        },
    )


def slug(title: str) -> str:
    """A title as it stands in a dashboard's or folder's address."""
    return "-".join(title.lower().split())
