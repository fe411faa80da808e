"""What watch has told of each model's answers: the fold of its own forecasts and explanations, in the log's order.

Live it is carried along as they are told; after a crash it is recalled from topic `risk`, so that no model has to be
asked again what it said (services.runtime.loading). An explanation that a person asked for is not kept: whoever opens
the page next wants to know what changed since the model spoke up, not since somebody else looked.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from schemas.events import Event, ForecastExplained, RiskForecasted
from services.watch.times import micros


class Forecast(NamedTuple):
    """A model's last forecast; `as_of` in microseconds since 1970."""

    id: str
    encounter: str
    as_of: int
    row: int
    probability: float


class Explanation(NamedTuple):
    """A model's last explanation that nobody had asked for; contributions of all its factors, in order."""

    encounter: str
    version: str
    as_of: int
    probability: float
    contributions: tuple[float, ...]


def held(event: RiskForecasted) -> Forecast:
    """What is kept of a forecast."""
    return Forecast(event.id, event.encounter or "", micros(event.as_of), event.row, event.probability)


@dataclass(slots=True)
class Said:
    """The last of each, by model."""

    forecasts: dict[str, Forecast] = field(default_factory=dict)
    explanations: dict[str, Explanation] = field(default_factory=dict)

    def remember(self, event: Event) -> None:
        """Fold one event of topic `risk`."""
        if isinstance(event, RiskForecasted):
            self.forecasts[event.model] = held(event)
        elif isinstance(event, ForecastExplained) and event.why_now != "asked" and event.probability is not None:
            self.explanations[event.model] = Explanation(
                event.encounter or "", event.version, micros(event.as_of), event.probability, event.contributions
            )

    def forecast(self, model: str, encounter: str) -> Forecast | None:
        """The model's last forecast in this stay."""
        found = self.forecasts.get(model)
        return found if found is not None and found.encounter == encounter else None

    def explanation(self, model: str, version: str, encounter: str) -> Explanation | None:
        """The last explanation in this stay by this version of the model: another's contributions do not compare."""
        found = self.explanations.get(model)
        return found if found is not None and (found.encounter, found.version) == (encounter, version) else None
