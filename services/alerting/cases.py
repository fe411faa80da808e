"""Everything that alerting holds of one patient; or, under a lane's key, of a site's maintenance."""

from dataclasses import dataclass, field
from datetime import datetime

from schemas.events import MaintenanceWindow
from schemas.events.alerts import Kind
from services.alerting.case import Case


@dataclass(slots=True)
class PatientCases:
    """The cases of one patient. `number`: the partition on which the patient lies, known from the first fact on."""

    site: str
    patient: str
    cases: dict[Kind, Case]
    changed: datetime | None = None
    left: bool = False
    told: dict[Kind, Case] = field(default_factory=dict)
    """The cases as they stand in `alert-state`."""
    number: int = -1
    windows: tuple[MaintenanceWindow, ...] = ()
    """Of a lane: when nobody is called on the site's wards, by a person's decision."""


def finished(state: PatientCases) -> bool:
    """Whether nothing stands and the patient is gone."""
    return all(c.phase == "resolved" and c.whereabouts != "here" for c in state.cases.values())
