"""Watch as a process: the risk model's card and the modes from the settings, then the stream loop until SIGTERM."""

import numpy as np

from ray_jobs.registry import Card, RegistryError, load_card
from ray_jobs.risk.features import features_row
from ray_jobs.risk.grid import STATIC_NAMES, WIDTH
from services.runtime import logs
from services.runtime.modes import Modes
from services.runtime.service import run_stage
from services.runtime.settings import Settings
from services.watch.stage import WatchStage

MODEL = "sepsis"
_log = logs.get(__name__)


def main(settings: Settings) -> None:
    """Run until told to stop. Without an installed model NEWS2 goes on alone (design rule 9)."""
    modes = Modes.parse(settings.modes)
    # Compiling takes seconds and the loop has none to spare: a member that does not poll is thrown out of the group.
    features_row(np.full((1, WIDTH), np.nan), np.full(len(STATIC_NAMES), np.nan), 0)
    run_stage(lambda _: WatchStage(_card(), modes), settings, service=WatchStage.service)


def _card() -> Card | None:
    try:
        return load_card(MODEL)
    except RegistryError as error:
        _log.error("no forecasts: the model is not installed", model=MODEL, error=str(error))
        return None
