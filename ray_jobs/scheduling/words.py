"""What people call the parts of a timetable: names for ids, dates for day numbers, for sentences about a plan."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

MOST_NAMED = 4

RULES: Mapping[str, str] = {
    "RoomGenderMix": "women and men in one room",
    "PatientRoomCompatibility": "a room that is not for this patient",
    "SurgeonOvertime": "minutes beyond the surgeon's time",
    "OperatingTheaterOvertime": "minutes beyond the theatre's time",
    "MandatoryUnscheduledPatients": "a patient who must be planned is not",
    "AdmissionDay": "a day outside the allowed ones",
    "RoomCapacity": "more patients than beds",
    "NursePresence": "a nurse who is not at work",
    "UncoveredRoom": "an occupied room without a nurse",
    "RoomAgeMix": "ages far apart in one room",
    "RoomSkillLevel": "nurses less skilled than the patients need",
    "ContinuityOfCare": "more different nurses during a stay",
    "ExcessiveNurseWorkload": "nurses with more work than their limit",
    "OpenOperatingTheater": "one more theatre opened for the day",
    "SurgeonTransfer": "a surgeon works in more theatres on one day",
    "PatientDelay": "later than the earliest day",
    "ElectiveUnscheduledPatients": "an elective patient is left for later",
}
"""Components of `schedule check` in plain words."""


@dataclass(frozen=True, slots=True)
class Words:
    """`names` says what people call an id, `begins` the date of day 0; what is not told is called as it is."""

    names: Mapping[str, str] = field(default_factory=dict)
    begins: date | None = None

    def name(self, identity: str) -> str:
        """What people call it."""
        return self.names.get(identity, identity)

    def day(self, day: int) -> str:
        """`day 4`, or its date."""
        return f"day {day}" if self.begins is None else f"{self.begins + timedelta(days=day):%a %d %b}"

    def days(self, days: Iterable[int]) -> str:
        """`days 3–5` or `days 3, 7`; dates where day 0 has one."""
        runs: list[list[int]] = []
        for day in sorted(set(days)):
            if runs and runs[-1][1] == day - 1:
                runs[-1][1] = day
            else:
                runs.append([day, day])
        if self.begins is not None:
            return _listed([self.day(a) if a == b else f"{self.day(a)} to {self.day(b)}" for a, b in runs])
        one = len(runs) == 1 and runs[0][0] == runs[0][1]
        return ("day " if one else "days ") + _listed([str(a) if a == b else f"{a}–{b}" for a, b in runs])

    def named(self, identities: Collection[str]) -> str:
        """The first few by name, and how many more."""
        return _listed([self.name(i) for i in identities])


def counted(number: int, noun: str) -> str:
    """`1 minute`, `2 minutes`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _listed(told: list[str]) -> str:
    more = len(told) - MOST_NAMED
    return ", ".join(told[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
