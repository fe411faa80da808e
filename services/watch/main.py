"""Watch as a process: the risk model's card and the modes from the settings, then the stream loop until SIGTERM."""

from ray_jobs.registry import Card, RegistryError, load_card
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
    run_stage(lambda _: WatchStage(_card(), modes), settings, service=WatchStage.service)


def _card() -> Card | None:
    try:
        return load_card(MODEL)
    except RegistryError as error:
        _log.error("no forecasts: the model is not installed", model=MODEL, error=str(error))
        return None
