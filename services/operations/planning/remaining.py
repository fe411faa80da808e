"""How many days someone who is here still stays: what the request expected, else what the ward's stays teach."""

import math
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from ray_jobs.beds.census import Spell
from ray_jobs.beds.stay import LengthOfStay
from services.operations.demand import learnt, ward_facts
from services.operations.planning.settings import PlanningSettings
from services.operations.site import Site

HOURS_PER_DAY = 24


@dataclass(slots=True)
class Remaining:
    """Whole days from today on, at least one: today is spent here."""

    site: Site
    at: datetime
    settings: PlanningSettings
    _expected: dict[str, float] = field(default_factory=dict)
    _stays: dict[str, LengthOfStay] = field(default_factory=dict)
    _entered: dict[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Expected hours by patient, by their newest request; when each encounter began; stays ward by ward."""
        for request in sorted(self.site.requests.values(), key=lambda r: (r.requested, r.request)):
            if request.expected_stay_hours is not None and request.status != "withdrawn":
                self._expected[request.patient] = request.expected_stay_hours
        for spell in self.site.census.spells():
            self._entered[spell.encounter] = min(spell.entered, self._entered.get(spell.encounter, spell.entered))
        wards = sorted({s.ward for s in self.site.census.present() if s.ward is not None})
        self._stays = {f.ward: learnt(f) for f in ward_facts(self.site, wards, self.at, {}) if f.ward is not None}

    def days(self, spell: Spell) -> int:
        """For one who is here."""
        passed = max(0.0, (self.at - self._entered[spell.encounter]).total_seconds() / 3600)
        expected = self._expected.get(spell.patient)
        if expected is not None:
            return min(max(1, math.ceil((expected - passed) / HOURS_PER_DAY)), self.settings.days)
        stay = self._stays.get(spell.ward or "")
        if stay is None:
            return self.settings.default_stay_days
        hours = HOURS_PER_DAY * self.settings.days
        here = stay.survival(np.array([passed]), self.at.hour, hours)[0]
        median = int(np.searchsorted(-here, -0.5))
        return min(max(1, math.ceil((median + 1) / HOURS_PER_DAY)), self.settings.days)
