"""What stands behind a theatre plan, as one object: instance, solution, calendar and words (claim check)."""

from collections.abc import Mapping
from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from ray_jobs.scheduling.ihtp import Instance, Solution
from ray_jobs.scheduling.tasks import Room
from ray_jobs.scheduling.words import Words
from services.runtime.ports import ObjectStore


class Document(BaseModel):
    """`instance` and `solution` as `wardwatch schedule check` reads them; day 0 is `begins`.

    `names` says what people call ids, `wards` which ward a room is of, `requests` which request a patient id is.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    instance: Instance
    solution: Solution
    begins: date
    names: Mapping[str, str] = Field(default_factory=dict)
    wards: Mapping[str, str] = Field(default_factory=dict)
    requests: Mapping[str, str] = Field(default_factory=dict)
    room: Room | None = None
    """What it leaves for stays and operations that last longer: a repair leaves it too."""

    @property
    def words(self) -> Words:
        """For sentences about it."""
        return Words(self.names, self.begins)


def name_of(site: str, proposal: str) -> str:
    """Where the document of a proposal lies."""
    return f"plans/{site}/{proposal}.json"


def write(objects: ObjectStore, name: str, document: Document) -> None:
    """Store it; raises StoreUnavailable."""
    objects.put(name, document.model_dump_json().encode())


def read(objects: ObjectStore, name: str | None) -> Document | None:
    """The document; None where there is none or it cannot be read. Raises StoreUnavailable."""
    if name is None:
        return None
    try:
        return Document.model_validate_json(objects.get(name))
    except (KeyError, ValueError):
        return None
