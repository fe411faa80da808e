"""Who looks, what they may see, and the names of patients for those who may see names (design rule 10)."""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from services.console import access
from services.console.access import EVERY_WARD, Right
from services.runtime.ports import Identity, Person

REMEMBERED_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Viewer:
    """One person at a screen. Two viewers with equal rights see equal pages. `past`: looks at what was known once.

    `plan`: decides about plans; `wards`: the only ones whose patients are shown (None: all); `pages`: those of the
    navigation that they may open.
    """

    name: str
    identity: bool
    decide: bool
    admin: bool
    past: bool = False
    plan: bool = False
    wards: frozenset[str] | None = None
    pages: tuple[str, ...] = ()
    rights: frozenset[Right] = frozenset()

    @classmethod
    def of(cls, name: str, rights: frozenset[Right], wards: frozenset[str] = frozenset()) -> "Viewer":
        """What these rights allow, on these wards unless the rights bind to none."""
        return cls(
            name,
            identity="names" in rights,
            decide="alerts" in rights,
            admin="silent" in rights,
            plan="plans" in rights,
            wards=None if "every ward" in rights or EVERY_WARD in wards else wards,
            pages=access.pages(rights),
            rights=rights,
        )

    @property
    def sees(self) -> tuple[bool, bool, bool]:
        """What decides how a row looks to this viewer."""
        return self.identity, self.decide, self.admin

    @property
    def everywhere(self) -> bool:
        """Whether beds and plans of every ward are this viewer's business."""
        return self.wards is None or self.plan

    def on(self, ward: str | None) -> bool:
        """Whether the patients of a ward are this viewer's to see; one without a ward is for those who see all."""
        return self.wards is None or ward in self.wards


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
