"""The imaging process: slow lane over topic `imaging`, wired from settings."""

from ray_jobs.imaging.selection import CHEST_MODEL
from ray_jobs.registry import load_card
from services.imaging.job import ImagingJob
from services.runtime.modes import Modes
from services.runtime.ports import Clock, Inference, ObjectStore
from services.runtime.service import run_slow_lane
from services.runtime.settings import Settings

SERVICE = "imaging"
IN_FLIGHT = 2


def main(settings: Settings) -> None:
    """Run until SIGTERM. Raises RegistryError when the model's card is not there, ValueError for wrong modes."""
    load_card(CHEST_MODEL)
    modes = Modes.parse(settings.modes)

    def make(inference: Inference, objects: ObjectStore, _: Clock) -> ImagingJob:
        return ImagingJob(inference, objects, modes)

    run_slow_lane(SERVICE, "imaging", make, settings, in_flight=IN_FLIGHT)
