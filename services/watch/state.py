"""Everything watch remembers of one patient: the facts, and what it has said because of them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from services.watch.chart import Chart, chart
from services.watch.course import Course, SlowFact, course
from services.watch.readings import Ledger, Record
from services.watch.said import Said
from services.watch.times import DAY_US, HOUR_US, instant, micros

KEPT_AFTER_US: Final = 7 * DAY_US
"""A state leaves 7 days after the stay ended and the last fact came in (design rule 6)."""


@dataclass(slots=True)
class Asked:
    """What a model was asked, so that it is asked once."""

    row: int = -1
    """The last grid row for which a forecast was asked, of `encounter` as it was `started`."""
    encounter: str = ""
    started: int = 0
    owed: int = 0
    """When a forecast was missed that is still owed, in microseconds since 1970; 0: none."""
    declined: str = ""


@dataclass(slots=True)
class Told:
    """What was said already, so that it is said once. This depends on the order of arrival, as speech must."""

    context: str = ""
    inherited: int = 0
    """How many of the readings came by PatientHistoryMoved."""
    asked: dict[str, Asked] = field(default_factory=dict)
    """By model."""

    def of(self, model: str) -> Asked:
        """What the model was asked; to be changed only after `begin`."""
        return self.asked.get(model) or Asked()

    def begin(self, model: str) -> Asked:
        """The same, kept."""
        return self.asked.setdefault(model, Asked())


@dataclass(slots=True)
class PatientState:
    """One patient of one site. `known` is the highest `known` of all facts folded, in microseconds since 1970."""

    site: str
    patient: str
    known: int = 0
    facts: dict[str, SlowFact] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    told: Told = field(default_factory=Told)
    said: Said = field(default_factory=Said)
    left: bool = False
    _course: Course | None = None
    _chart: Chart | None = None

    @property
    def key(self) -> str:
        """Site and patient, as in `PatientEvent.key`."""
        return f"{self.site}/{self.patient}"

    @property
    def course(self) -> Course:
        """What the slow facts say now."""
        if self._course is None:
            self._course = course(self.facts)
        return self._course

    @property
    def admission(self) -> int | None:
        """When the open stay began, in microseconds since 1970."""
        stay = self.course.stay
        return None if stay is None else micros(stay.started)

    @property
    def anchor(self) -> int:
        """An instant at which a grid hour begins."""
        return (self.admission or 0) % HOUR_US

    @property
    def chart(self) -> Chart:
        """What the readings say now."""
        if self._chart is None or self._chart.admission != self.admission:
            self._chart = chart(self.ledger, self.admission)
        return self._chart

    def facts_changed(self) -> None:
        """A slow fact came in: read them anew when next asked."""
        self._course = None

    def readings_changed(self) -> None:
        """The readings were rewritten: make the chart anew when next asked."""
        self._chart = None

    def recorded(self, record: Record, dropped: Record | None) -> None:
        """A plain new reading: carry the chart along instead of making it anew."""
        if self._chart is not None and not self._chart.put(record, dropped):
            self._chart = None

    def heard(self, known: datetime) -> None:
        """A fact known at this instant is being folded."""
        at = micros(known)
        if at > self.known:
            self.known = at
            if self.ledger.advance(at, self.anchor) and self._chart is not None:
                self._chart.forget(self.ledger.thinned * HOUR_US)

    @property
    def as_of(self) -> datetime:
        """The clinical moment of what is computed now."""
        return instant(self.known)

    @property
    def leaves(self) -> int | None:
        """When this state can be forgotten, in microseconds since 1970; None while a stay is open."""
        if self.course.stay is not None and self.course.merged_into is None:
            return None
        end = self.course.last_end
        return max(self.known, 0 if end is None else micros(end)) + KEPT_AFTER_US
