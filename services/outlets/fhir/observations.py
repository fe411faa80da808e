"""Which Observations of the hospital's server the readings behind a forecast are.

The bus carries only the hash of an Observation's name, so the patient's Observations of the same instants are read
with the gateway's own mapping (`schemas.fhir.observation`): what gives the same measurement at the same time is it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from schemas.events import Factor
from schemas.fhir.elements import Reference
from schemas.fhir.facts import Context, Readings, Stop
from schemas.fhir.library import Invalid
from schemas.fhir.observation import observation
from schemas.fhir.observation_profile import read_observation
from schemas.fhir.ours import Ref, Resource
from services.outlets.fhir.people import People
from services.outlets.fhir.server import ServerMisconfigured, ServerRefused


def observations(people: People, site: str, key: str, factors: Sequence[Factor]) -> dict[str, Ref]:
    """By feature, the server's Observation; without those that it does not have. One search for each instant."""
    taken = {f.feature: f.taken for f in factors if f.taken is not None}
    if not taken or not (patient := people.named(key)):
        return {}
    found: dict[str, Ref] = {}
    for at in sorted(set(taken.values())):
        try:
            listed = people.search("Observation", patient=patient, date=f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
        except (ServerRefused, ServerMisconfigured):
            return {}  # no search by date, or no right to it: the readings are named by what they are
        for resource in listed:
            for code in _measured(resource, site, key, at):
                if taken.get(code) == at:
                    found.setdefault(code, {"reference": f"Observation/{resource['id']}"})
    return found


def _measured(resource: Resource, site: str, key: str, at: datetime) -> list[str]:
    """What an Observation measured at that instant; nothing for one that the gateway would not use."""
    read = read_observation({name: value for name, value in resource.items() if name != "text"})
    if isinstance(read, Invalid):
        return []
    try:
        fact = observation(read, Context(site, at, _Known(key)))
    except Stop:
        return []
    return [r.code for r in fact.readings if r.taken == at] if isinstance(fact, Readings) else []


class _Known:
    """References where only the subject matters, and who that is was asked for."""

    def __init__(self, key: str) -> None:
        self._key = key

    def patient(self, reference: Reference) -> str | None:
        """The one whose Observations these are."""
        return self._key if reference else None

    def name(self, reference: Reference) -> None:
        """Devices and encounters play no part."""

    def resource(self, reference: Reference) -> None:
        """Nothing else was read."""

    def sex(self, patient: str) -> Literal["unknown"]:
        """Plays no part."""
        return "unknown"
