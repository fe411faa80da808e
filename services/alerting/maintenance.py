"""Maintenance that a person begins or ends at once: windows by ward, which each partition hears of on its own lane.

What a window changes is decided by its instants alone, never by when it was heard of: a call made in it is held to its
end, and where it is ended early, calls that were held are made at that instant.
"""

from datetime import datetime, timedelta
from typing import Final

from schemas.events import MaintenanceDecided, MaintenanceStanding, MaintenanceWindow
from schemas.ids import digest
from services.alerting.cases import PatientCases
from services.alerting.policy import Policy
from services.alerting.rules import Maintenance

KEPT: Final = timedelta(days=7)
"""A window that ended so long ago holds no call any more."""
MOST_WORDS: Final = 128


class Windows:
    """What each partition knows of maintenance, by site: the states of its lanes."""

    def __init__(self) -> None:
        self._lanes: dict[tuple[int, str], PatientCases] = {}

    def keep(self, lane: PatientCases) -> None:
        """Replace what the partition of this lane knew."""
        self._lanes[lane.number, lane.site] = lane

    def of(self, number: int, site: str, ward: str | None) -> tuple[MaintenanceWindow, ...]:
        """The windows of a ward, as the partition knows them."""
        lane = self._lanes.get((number, site))
        return () if lane is None else tuple(w for w in lane.windows if w.ward == ward)


def decided(windows: tuple[MaintenanceWindow, ...], event: MaintenanceDecided) -> tuple[MaintenanceWindow, ...]:
    """The windows after a person's word; told again it changes nothing."""
    kept = [w for w in windows if w.end > event.at - KEPT and w.decision != event.decision]
    if event.ended:
        return tuple(
            w.model_copy(update={"end": max(w.begin, event.at)}) if w.ward == event.ward and w.end > event.at else w
            for w in kept
        )
    fresh = MaintenanceWindow(
        ward=event.ward, begin=event.at, end=event.until, by=event.by, why=event.why, decision=event.decision
    )
    return (*kept, fresh)


def standing(lane: PatientCases, known: datetime, cause: str) -> MaintenanceStanding:
    """What the lane's partition knows, for the next process."""
    return MaintenanceStanding(
        id=digest("MaintenanceStanding", lane.site, lane.patient, cause), site=lane.site, known=known,
        lane=lane.patient, windows=lane.windows,
    )  # fmt: skip


def under(policy: Policy, windows: tuple[MaintenanceWindow, ...]) -> Policy:
    """The policy with these windows beside the file's own."""
    if not windows:
        return policy
    more = {
        w.decision: Maintenance(begin=w.begin, end=w.end, reason=(w.why or "maintenance")[:MOST_WORDS])
        for w in windows
        if w.end > w.begin
    }
    return policy.model_copy(update={"maintenance": {**policy.maintenance, **more}})
