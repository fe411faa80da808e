"""The words of plans: what components of `schedule check` are called, how days, amounts and sexes are written."""

import re
from datetime import date, timedelta
from typing import Final

from services.console.words import percent

COMPONENTS: Final = {
    "RoomGenderMix": "Women and men in one room",
    "PatientRoomCompatibility": "Room not suitable",
    "SurgeonOvertime": "Surgeon over time (min)",
    "OperatingTheaterOvertime": "Theatre over time (min)",
    "MandatoryUnscheduledPatients": "Due patients not planned",
    "AdmissionDay": "Outside the allowed days",
    "RoomCapacity": "Over the room's beds",
    "NursePresence": "Nurse not at work",
    "UncoveredRoom": "Room without a nurse",
    "RoomAgeMix": "Ages mixed in a room",
    "RoomSkillLevel": "Nurse's skill below need",
    "ContinuityOfCare": "Different nurses in a stay",
    "ExcessiveNurseWorkload": "Nurses over their workload",
    "OpenOperatingTheater": "Theatres opened",
    "SurgeonTransfer": "Surgeons changing theatres",
    "PatientDelay": "Days waited",
    "ElectiveUnscheduledPatients": "Left for later",
}
SEXES: Final = {"female": "F", "male": "M", "A": "F", "B": "M"}
"""Genders of a plan, as words or as the planner's letters (women A, men B)."""
ALONE: Final = "alone"
"""How the planner's genders begin for who must lie alone."""
OLD, VERY_OLD = 60, 80


def component(name: str) -> str:
    """A component's name on a screen; an unknown one by its own name."""
    return COMPONENTS.get(name, name)


def day(then: date) -> str:
    """A day of a plan: weekday and date."""
    return then.strftime("%a %-d %b")


def last_day(begins: date, days: int) -> date:
    """The last day of a plan of so many days."""
    return begins + timedelta(days=max(days - 1, 0))


def sex(gender: str) -> str:
    """One letter, or that someone must lie alone; a gender that is no word for one of these stays as it is."""
    return ALONE if gender.startswith(ALONE) else SEXES.get(gender, gender)


def age_tier(group: str) -> int:
    """0 below 60, 1 to 79, 2 from 80 on, by the first number in an age group's name ("under 65" is below it)."""
    number = re.search(r"\d+", group)
    if number is None or group.lower().startswith(("under", "<", "below")):
        return 0
    return (int(number[0]) >= OLD) + (int(number[0]) >= VERY_OLD)


def amount(value: float, unit: str) -> str:
    """A number with its unit: chances as percents, the rest in at most one decimal, mean numbers without a unit."""
    if unit == "probability":
        return percent(value)
    number = f"{value:,.0f}" if abs(value) >= 10 or value == int(value) else f"{value:.1f}"  # noqa: PLR2004 - two figures
    return number if unit in {"", "mean number"} else f"{number} {unit}"
