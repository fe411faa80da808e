"""How ill each patient is by the newest warning score, for beds, nurses' workload and plans."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from ray_jobs.scheduling.acuity import Level, level_of
from schemas.events import WarningScoreComputed


@dataclass(slots=True)
class Acuity:
    """The newest score of each patient, without the readings behind it."""

    _scores: dict[str, WarningScoreComputed] = field(default_factory=dict)

    def fold(self, event: WarningScoreComputed) -> bool:
        """Take one score (never a reason to plan anew); one without a band says nothing."""
        if event.band is None:
            return False
        held = self._scores.get(event.patient)
        if held is None or (event.known, event.id) >= (held.known, held.id):
            self._scores[event.patient] = event.model_copy(update={"parameters": ()})
        return False

    def level(self, patient: str, *, intensive: bool = False) -> Level:
        """The level of care; ordinary where no score is known."""
        held = self._scores.get(patient)
        return level_of(held.band if held is not None else None, intensive=intensive)

    def forget(self, before: datetime) -> None:
        """Drop scores known before an instant."""
        for patient in [p for p, e in self._scores.items() if e.known < before]:
            del self._scores[patient]

    def events(self) -> Iterator[WarningScoreComputed]:
        """Facts that give this state again."""
        yield from self._scores.values()
