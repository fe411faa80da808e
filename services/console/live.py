"""What changed since when: the projection tells the hub, every screen asks it (server-sent events).

A screen asks a few times a second for what is newer than what it has. Nothing is queued per screen, so
a slow one costs nothing, and one that comes back asks with the number it last had.
"""

import secrets
import threading
from dataclasses import dataclass

from services.console.projection.fold import Touched

MOST_REMEMBERED = 20_000
"""Patients whose last change is remembered; beyond that the oldest are forgotten with their encounters."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What is newer than a number: `everything` when the hub cannot know (another process, long ago)."""

    number: int
    patients: frozenset[str]
    beds: bool
    schedule: bool = False
    everything: bool = False


class Hub:
    """Numbers of the last change of each patient, of beds and places, and of schedules."""

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(4)
        self._lock = threading.Lock()
        self._number = 0
        self._forgotten = 0
        self._patients: dict[str, int] = {}
        self._beds = 0
        self._schedule = 0

    def told(self, touched: Touched) -> None:
        """The projection committed a batch."""
        with self._lock:
            self._number += 1
            for patient in touched.patients:
                self._patients.pop(patient, None)  # the dict stays ordered by last change
                self._patients[patient] = self._number
            if touched.beds:
                self._beds = self._number
            if touched.schedule:
                self._schedule = self._number
            while len(self._patients) > MOST_REMEMBERED:
                oldest = next(iter(self._patients))
                self._forgotten = self._patients.pop(oldest)

    def since(self, number: int) -> Changes:
        """What changed after `number`."""
        with self._lock:
            if number == self._number:
                return Changes(number, frozenset(), beds=False)
            newer = []
            for patient, changed in reversed(self._patients.items()):
                if changed <= number:
                    break
                newer.append(patient)
            return Changes(
                self._number,
                frozenset(newer),
                beds=self._beds > number,
                schedule=self._schedule > number,
                everything=number < self._forgotten or number > self._number,
            )

    @property
    def number(self) -> int:
        """Of the newest change of anything."""
        return self._number

    def last_change(self, patient: str) -> int:
        """The number of the patient's last change."""
        return self._patients.get(patient, 0)

    def resume(self, last_event_id: str | None) -> int | None:
        """The number behind a screen's Last-Event-ID, or None when it is of another process."""
        epoch, _, number = (last_event_id or "").partition(".")
        return int(number) if epoch == self.epoch and number.isdigit() else None
