"""Whom a patient key and a request id mean at the hospital's server: the one place where identity is translated.

The receiver is the hospital itself (design rule 10). A request is found among the patient's own, because the bus
carries only the hash of its name.
"""

import re
from typing import Final

from schemas.fhir.encounter import KINDS, UNDER_WAY
from schemas.fhir.facts import encounter_id, name_of
from schemas.fhir.ours import Ref, Resource
from schemas.fhir.patient import FHIR_AUTHORITY, MRN_AUTHORITY
from schemas.fhir.service_request import request_id
from services.outlets.fhir.server import FhirServer, ServerMisconfigured, ServerRefused
from services.runtime.ports import Identity

ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")
"""FHIR's own rule for a logical id."""
INSIDE: Final = frozenset({"inpatient", "emergency"})


class People:
    """References of one decision or event; asks the server at most once about each."""

    def __init__(self, server: FhirServer, identity: Identity) -> None:
        self._server, self._identity = server, identity
        self._patients: dict[str, Ref] = {}
        self._requests: dict[str, dict[str, Resource]] = {}
        self._found: dict[tuple[str, ...], list[Resource]] = {}

    def named(self, key: str) -> str:
        """The logical id of a patient whom the server itself has; '' for one known by number only."""
        return str(self.patient(key).get("reference", "")).removeprefix("Patient/")

    def patient(self, key: str) -> Ref:
        """The hospital's reference to a patient; raises ServerRefused for somebody who was never registered."""
        if key not in self._patients:
            self._patients[key] = self._patient(key)
        return self._patients[key]

    def search(self, kind: str, **parameters: str) -> list[Resource]:
        """What the server finds; raises its errors."""
        asked = (kind, *parameters, *parameters.values())
        if asked not in self._found:
            self._found[asked] = self._server.search(kind, parameters)
        return self._found[asked]

    def request(self, site: str, key: str, request: str) -> Resource | None:
        """The ServiceRequest itself; None where this server has none by that name."""
        if not (id_ := self.named(key)):
            return None
        if key not in self._requests:
            listed = self.search("ServiceRequest", patient=id_)
            named = ((name_of(r.get("id"), r.get("identifier"), None), r) for r in listed)
            self._requests[key] = {request_id(site, name): r for name, r in named if name}
        return self._requests[key].get(request)

    def encounter(self, site: str, key: str, encounter: str) -> Ref | None:
        """The hospital's reference to a stay; None where this server has none by that name, or does not show it."""
        for found in self._stays(key):
            name = name_of(found.get("id"), found.get("identifier"), None)
            if name and encounter_id(site, name) == encounter:
                return {"reference": f"Encounter/{found['id']}"}
        return None

    def present(self, key: str) -> Ref | None:
        """The stay that is under way at this server; None where that is none, or not one alone."""
        inside = [
            found
            for found in self._stays(key)
            if found.get("status") in UNDER_WAY and KINDS.get(found.get("class", {}).get("code", "")) in INSIDE
        ]
        return {"reference": f"Encounter/{inside[0]['id']}"} if len(inside) == 1 else None

    def _stays(self, key: str) -> list[Resource]:
        """What nobody must know holds nothing up: a token without this right is no reason to wait."""
        if not (id_ := self.named(key)):
            return []
        try:
            return self.search("Encounter", patient=id_)
        except (ServerRefused, ServerMisconfigured):
            return []

    def _patient(self, key: str) -> Ref:
        person = self._identity.person(key)
        if person is None:
            raise ServerRefused("nobody is registered under this patient key")
        for known in person.identifiers:
            whole = ID.fullmatch(known.value) is not None
            if known.authority == FHIR_AUTHORITY and whole and self._server.read("Patient", known.value):
                return {"reference": f"Patient/{known.value}"}
        for known in person.identifiers:
            if known.authority != FHIR_AUTHORITY:
                system = {} if known.authority == MRN_AUTHORITY else {"system": known.authority}
                return {"type": "Patient", "identifier": system | {"value": known.value}}
        raise ServerRefused("this server does not have the patient, and there is no record number to name them by")


def named(kind: str, name: str) -> Ref:
    """A reference to a practitioner or place by the name that it has on the bus (`schemas.fhir.facts.name_of`)."""
    if ID.fullmatch(name):
        return {"reference": f"{kind}/{name}"}
    system, _, value = name.rpartition("|")
    return {"type": kind, "identifier": ({"system": system} if system else {}) | {"value": value}}
