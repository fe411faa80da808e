"""The FHIR outlet's process: a thread and a consumer group for each thing written; idle without a server."""

from services.outlets.fhir.wiring import configured
from services.outlets.main import condition, deliver
from services.outlets.process import idle
from services.runtime import logs
from services.runtime.health import Health
from services.runtime.service import serve_metrics, stop_on_signals
from services.runtime.settings import Settings

SERVICE = "outlets-fhir"
NOTHING = "no FHIR server configured, or nothing to write to it: set WARDWATCH_FHIR_SERVER_URL and _WRITES"


def main(settings: Settings) -> None:
    """Deliver until SIGTERM."""
    logs.configure(SERVICE, settings.log_level, settings.log_format)
    stop = stop_on_signals()
    lanes = configured(settings)
    health = Health(SERVICE, tuple(map(condition, lanes)) or ("assigned",))
    stop_web = serve_metrics(settings, SERVICE, health)
    try:
        if lanes:
            deliver(lanes, settings, health, stop)
        else:
            idle(health, stop, NOTHING)
    finally:
        stop_web()
