"""Who looks, what they may see, and the names of patients for those who may see names (design rule 10)."""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from services.runtime.auth import Actor
from services.runtime.ports import Identity, Person

REMEMBERED_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Viewer:
    """One person at a screen. Two viewers with equal rights see equal pages. `past`: looks at what was known once."""

    name: str
    identity: bool
    decide: bool
    admin: bool
    past: bool = False

    @classmethod
    def of(cls, actor: Actor) -> "Viewer":
        """What the actor's scopes allow; `admin` allows all."""
        admin = "admin" in actor.scopes
        return cls(actor.name, admin or "read:identity" in actor.scopes, admin or "decide" in actor.scopes, admin)

    @property
    def sees(self) -> tuple[bool, bool, bool]:
        """What decides how a row looks to this viewer."""
        return self.identity, self.decide, self.admin


class Names:
    """The identity port with a short memory: a board asks for every name every second."""

    def __init__(self, identity: Identity, site: str) -> None:
        self._identity, self._site = identity, site
        self._known: dict[str, tuple[float, Person | None]] = {}
        self._lock = threading.Lock()

    def of(self, patient: str, viewer: Viewer) -> Person | None:
        """Who this is, for those who may know."""
        if not viewer.identity:
            return None
        now = time.monotonic()
        with self._lock:
            found = self._known.get(patient)
        if found is None or now - found[0] > REMEMBERED_S:
            found = (now, self._identity.person(patient))
            with self._lock:
                self._known[patient] = found
        return found[1]

    def matching(self, text: str, viewer: Viewer) -> Iterable[Person]:
        """People whose name or number contains the text, for those who may know."""
        return self._identity.search(self._site, text) if viewer.identity and text.strip() else ()


def full_name(person: Person | None) -> str | None:
    """FAMILY, Given: as on a wristband; None when unknown here or not this viewer's to see."""
    if person is None or not (person.family or person.given):
        return None
    return ", ".join(part for part in (person.family.upper(), person.given) if part)
