"""The outlets' process: the Grafana outlet, or idle and ready where no Grafana is configured."""

from services.outlets.grafana import Grafana
from services.outlets.grafana_board import GrafanaBoard
from services.outlets.process import idle, run
from services.runtime import logs
from services.runtime.health import Health
from services.runtime.kafka_log import KafkaWorker
from services.runtime.service import serve_metrics, stop_on_signals
from services.runtime.settings import Settings

SERVICE = "outlets"


def main(settings: Settings) -> None:
    """Deliver until SIGTERM."""
    logs.configure(SERVICE, settings.log_level, settings.log_format)
    stop = stop_on_signals()
    health = Health(SERVICE, ("assigned",))
    stop_web = serve_metrics(settings, SERVICE, health)
    try:
        if settings.grafana_url:
            grafana = Grafana(GrafanaBoard(settings.grafana_url, settings.grafana_token.get_secret_value()))
            group = f"{SERVICE}-{grafana.name}"
            run(grafana, lambda: KafkaWorker(settings.kafka, group, grafana.topics, slot=settings.slot), health, stop)
        else:
            idle(health, stop, "no Grafana configured: set WARDWATCH_GRAFANA_URL and WARDWATCH_GRAFANA_TOKEN")
    finally:
        stop_web()
