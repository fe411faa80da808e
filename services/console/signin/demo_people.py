"""The people of the demo's issuer: one for each kind of work, and one without a role."""

from typing import Final, NamedTuple

from services.console.access import Role


class DemoPerson(NamedTuple):
    """Someone to be in the demo; `told` is what the page says of them."""

    subject: str
    name: str
    roles: tuple[Role, ...]
    wards: tuple[str, ...]
    told: str


PEOPLE: Final = (
    DemoPerson("nurse", "Amara Obi", ("care-team",), ("5A",), "nurse on ward 5A: its patients, and what they need"),
    DemoPerson("intensivist", "Dr Jonas Lind", ("care-team",), ("ICU",), "doctor in intensive care"),
    DemoPerson("charge", "Wei Zhang", ("care-team",), ("*",), "charge nurse: every ward"),
    DemoPerson(
        "radiologist", "Dr Mira Sato", ("radiologist",), ("*",), "radiologist: reads films, and puts a name to reports"
    ),
    DemoPerson("beds", "Rosa Keller", ("bed-manager",), (), "bed manager: beds and the theatres' schedule"),
    DemoPerson("quality", "Ines Moreau", ("quality",), (), "quality officer: alarm quality and the system"),
    DemoPerson("admin", "Dana Frey", ("administrator",), (), "administrator: everything"),
    DemoPerson("visitor", "Sam Guest", (), (), "has no role: is turned away"),
)
