"""The core of drift: facts and time in; measurements and alarms for the model's owner out. No I/O, no clock.

An alarm is found when a measure passes its limit and ends when it is below four fifths of it; a measure that cannot be
told (too few patients) ends nothing.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from schemas.events import Event, Measure, ModelDriftEnded, ModelDriftFound, ModelDriftMeasured
from schemas.ids import digest
from services.drift.close import close
from services.drift.fold import GRACE_S, fold, fold_slim
from services.drift.measure import everything, measured
from services.drift.slim import SlimReadings
from services.drift.state import HOUR_S, SiteState, State, Watched, end_of
from services.drift.watchable import Watchable

ENDS_BELOW: Final = 0.8
"""Of the limit: hysteresis, so that a value that trembles at it alarms once."""


class Drift:
    """The state of every site, and the models that can be measured."""

    def __init__(self, models: Mapping[str, Watchable], state: State | None = None) -> None:
        self.models = models
        self.state = state or State()
        self._codes = frozenset(code for known in models.values() for code in known.readings)

    def fold(self, event: Event) -> None:
        """Take one fact."""
        fold(self.state, event, self.models, self._codes)

    def fold_slim(self, given: SlimReadings) -> None:
        """Take an `ObservationsRecorded` in its slim form."""
        fold_slim(self.state, given, self._codes)

    def ticked(self, at: datetime) -> list[Event]:
        """All facts known before `at` are folded: close the hours that have ended, and say what was measured.

        An hour that was told before (this is a replay) is counted again and not told again.
        """
        found: list[Event] = []
        ended = (int(at.timestamp()) - GRACE_S) // HOUR_S - 1
        for name, site in sorted(self.state.sites.items()):
            for hour in sorted(h for h in site.open if h <= ended):
                close(site, hour, self.models)
                for model, known in sorted(self.models.items()):
                    watched = site.models.get(model, {}).get(known.version)
                    if watched is not None and watched.hours and hour > watched.told:
                        found += _told(name, watched, known, hour)
            site.closed = max(site.closed, ended)
            found += _replaced(name, site, self.models)
        return found


def _replaced(name: str, site: SiteState, models: Mapping[str, Watchable]) -> list[Event]:
    """Alarms of a version that was replaced end with it: nobody can measure it any more."""
    found: list[Event] = []
    for model, known in sorted(models.items()):
        versions = site.models.get(model, {})
        for version in sorted(versions.keys() - {known.version}):
            at = end_of(max(site.closed, versions[version].told))
            for measure, alarm in sorted(versions.pop(version).standing.items()):
                found.append(
                    ModelDriftEnded(
                        id=digest("ModelDriftEnded", alarm, "replaced"), site=name, known=at, as_of=at, model=model,
                        version=version, alarm=alarm, measure=measure, value=0.0, limit=1.0,
                        text=f"Model {model} {version} at {name} was replaced by {known.version}",
                    )
                )  # fmt: skip
    return found


def _told(site: str, watched: Watched, known: Watchable, hour: int) -> list[Event]:
    event = measured(site, watched, known, hour)
    watched.told = hour
    alarms: list[Event] = []
    for measure in everything(event):
        standing = watched.standing.get(measure.name)
        if standing is None and measure.beyond:
            standing = digest("drift", site, known.model, known.version, measure.name, hour)
            watched.standing[measure.name] = standing
            alarms.append(_alarm(ModelDriftFound, event, measure, standing))
        elif standing is not None and measure.value < ENDS_BELOW * measure.limit:
            del watched.standing[measure.name]
            alarms.append(_alarm(ModelDriftEnded, event, measure, standing))
    return [event, *alarms]


def _alarm(
    kind: type[ModelDriftFound | ModelDriftEnded], event: ModelDriftMeasured, measure: Measure, alarm: str
) -> ModelDriftFound | ModelDriftEnded:
    said = "has drifted" if kind is ModelDriftFound else "is back within its limits"
    text = (
        f"Model {event.model} {event.version} at {event.site}: {measure.name} {said}: {measure.value:.2f}, "
        f"limit {measure.limit:.2f}, from {measure.patients} patients in {measure.hours} h"
    )
    return kind(
        id=digest(kind.__name__, alarm, event.id), site=event.site, known=event.known, as_of=event.as_of,
        model=event.model, version=event.version, alarm=alarm, measure=measure.name, value=measure.value,
        limit=measure.limit, text=text,
    )  # fmt: skip
