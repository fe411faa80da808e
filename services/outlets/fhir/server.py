"""The port to a FHIR R4 server: one resource per id, whatever is repeated, lost or changed by others on the way.

What can go wrong, named by what the caller must do:

    ServerUnavailable     try again: nobody answered, or the answer says nothing about this resource
    ServerMisconfigured   try again slowly, and tell an operator: wrong address, token or rights
    ServerRefused         never try this resource again: keep it aside with the reason
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from enum import StrEnum
from typing import Any, Protocol

from services.runtime.errors import BadInputError, DependencyError

Resource = dict[str, Any]
"""A FHIR resource as JSON. What the server holds beside our elements stays as it is."""


class ServerUnavailable(DependencyError):  # noqa: N818 - named by the state, not as an error
    """The server did not answer, or not in a way that can be trusted; `retry_after_s` is what it asked for."""

    def __init__(self, words: str, retry_after_s: float = 0.0) -> None:
        super().__init__(words)
        self.retry_after_s = retry_after_s


class ServerMisconfigured(DependencyError):  # noqa: N818 - named by the state, not as an error
    """The server is there and does not let us in, or is no FHIR server."""


class ServerRefused(BadInputError):  # noqa: N818 - named by what the server did
    """The server will never take this resource as it is."""


Revise = Callable[[Resource | None], Resource | None]
"""What should stand, given what stands; None for None means that nothing should. It must not change its argument."""


class Put(StrEnum):
    """What a put did."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


class FhirServer(Protocol):
    """A server with resources by type and id. Used from one thread. Raises only the errors above."""

    def read(self, kind: str, id_: str) -> Resource | None:
        """The resource; None when there is none, or no more."""
        ...

    def put(self, kind: str, id_: str, revise: Revise) -> Put:
        """Make this one resource what `revise` says; may be repeated at will.

        Reads first, and writes only over the version that it read (If-Match), so that what somebody else
        wrote meanwhile is read again before it is revised.
        """
        ...

    def search(self, kind: str, parameters: Mapping[str, str]) -> list[Resource]:
        """All resources that match, page by page."""
        ...


class MemoryServer:
    """A server in this process, for tests of what stands behind it; `failing` is raised by the next calls, in order.

    It searches by `patient`, `date` (of an Observation, as it is written) and `_id`, and refuses what `refusing` says.
    """

    def __init__(self) -> None:
        self.standing: dict[tuple[str, str], Resource] = {}
        self.failing: list[Exception] = []
        self.puts: list[tuple[str, str, Put]] = []
        self.refusing: Callable[[Resource], bool] = lambda _: False

    def read(self, kind: str, id_: str) -> Resource | None:
        """See the port."""
        if self.failing:
            raise self.failing.pop(0)
        return deepcopy(self.standing.get((kind, id_)))

    def put(self, kind: str, id_: str, revise: Revise) -> Put:
        """See the port."""
        found = self.read(kind, id_)
        wanted = revise(found)
        if wanted is None or wanted == found:
            done = Put.UNCHANGED
        elif self.refusing(wanted):
            raise ServerRefused("the FHIR server answered 422: business-rule")
        else:
            done = Put.CREATED if found is None else Put.UPDATED
            self.standing[kind, id_] = deepcopy(wanted)
        self.puts.append((kind, id_, done))
        return done

    def search(self, kind: str, parameters: Mapping[str, str]) -> list[Resource]:
        """See the port."""
        if self.failing:
            raise self.failing.pop(0)
        patient, wanted, date = (parameters.get(name) for name in ("patient", "_id", "date"))
        return [
            deepcopy(r)
            for (k, id_), r in sorted(self.standing.items())
            if k == kind
            and (wanted is None or id_ == wanted)
            and (date is None or r.get("effectiveDateTime") == date)
            and (patient is None or r.get("subject", {}).get("reference") == f"Patient/{patient}")
        ]
