"""Watch as a process: the risk models' cards and the modes from the settings, then the stream loop until SIGTERM."""

from pathlib import Path

import numpy as np

from ray_jobs.registry import CARD, Card, RegistryError, load_card, models_folder
from ray_jobs.risk.feature_sets import FEATURE_SETS, Person
from ray_jobs.risk.grid import EXTRA_WIDTH, WIDTH
from services.runtime import logs
from services.runtime.modes import Modes
from services.runtime.service import run_stage
from services.runtime.settings import Settings
from services.watch.stage import WatchStage

_log = logs.get(__name__)


def main(settings: Settings) -> None:
    """Run until told to stop. Without an installed model NEWS2 goes on alone (design rule 9)."""
    modes = Modes.parse(settings.modes)
    # Compiling takes seconds and the loop has none to spare: a member that does not poll is thrown out of the group.
    for features in FEATURE_SETS.values():
        features.row(np.full((1, WIDTH), np.nan), np.full((1, EXTRA_WIDTH), np.nan), Person(), 0)
    run_stage(lambda _: WatchStage(live_cards(), modes), settings, service=WatchStage.service)


def live_cards(models: Path | None = None) -> tuple[Card, ...]:
    """Cards of the risk models made to be asked about patients in beds, by name; what cannot be used is logged."""
    folder = models or models_folder()
    found = []
    for name in sorted(path.parent.name for path in folder.glob(f"*/{CARD}")):
        try:
            card = load_card(name, folder)
        except RegistryError as error:
            _log.error("no forecasts: the model is not installed", model=name, error=str(error))
            continue
        if card.task != "risk" or not card.live:
            continue
        features = FEATURE_SETS.get(card.feature_set)
        if features is None or features.sha != card.features_sha:
            _log.error("no forecasts: the model was made for other features", model=name, version=card.version)
            continue
        found.append(card)
    if not found:
        _log.error("no forecasts: no risk model is installed; NEWS2 goes on alone")
    return tuple(found)
