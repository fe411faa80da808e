"""The imaging process: slow lane over topic `imaging`, wired from settings."""

from services.imaging.job import ImagingJob
from services.runtime.modes import Modes
from services.runtime.ports import Clock, Inference, ObjectStore
from services.runtime.service import run_slow_lane
from services.runtime.settings import Settings

SERVICE = "imaging"
IN_FLIGHT = 2


def run(settings: Settings | None = None) -> None:
    """Run until SIGTERM."""
    settings = settings or Settings()
    modes = Modes.parse(settings.modes)

    def make(inference: Inference, objects: ObjectStore, _: Clock) -> ImagingJob:
        return ImagingJob(inference, objects, modes)

    run_slow_lane(SERVICE, "imaging", make, settings, in_flight=IN_FLIGHT)


if __name__ == "__main__":
    run()
