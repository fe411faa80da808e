"""A patient, a report and its pictures for the PACS tests."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from schemas.fhir.patient import MRN_AUTHORITY
from services.imaging.pictures import film_png, heatmap_png
from services.runtime.fakes import FakeObjectStore
from services.runtime.ports import Identifier, Person

NUMBER = "4711"


class Register:
    """An identity port that knows one child."""

    def __init__(self) -> None:
        mine = (Identifier(MRN_AUTHORITY, NUMBER),)
        self.child = Person("patient-key", "main", "Small", "Sam", date(2020, 1, 2), "male", NUMBER, mine)

    def resolve(self, site: str, identifier: Identifier) -> str | None:
        return self.child.key if identifier in self.child.identifiers else None

    def register(self, site: str, identifiers: Sequence[Identifier], person: Person | None = None) -> str:
        raise NotImplementedError

    def person(self, key: str) -> Person | None:
        return self.child if key == self.child.key else None

    def search(self, site: str, text: str, limit: int = 50) -> list[Person]:
        return [self.child]


def pictures() -> FakeObjectStore:
    """A film and its heatmap under the names of `studies.finding`."""
    store, heat = FakeObjectStore(), np.zeros((7, 7), dtype=np.float32)
    heat[3:5, 2:4] = 16
    grey = np.random.default_rng(0).integers(0, 255, (224, 224), dtype=np.uint8)
    store.put("reports/main/x/film.png", film_png(grey))
    store.put("reports/main/x/heatmap.png", heatmap_png(heat))
    return store
