"""The Grafana dashboards, built in code so that a test can hold their queries against the metrics that exist."""

from services.outlets.dashboards.alarms import alarm_quality
from services.outlets.dashboards.beds import beds_and_forecasts
from services.outlets.dashboards.drift import model_drift
from services.outlets.dashboards.panels import Json
from services.outlets.dashboards.pipeline import pipeline_health
from services.outlets.dashboards.ward import ward_board

__all__ = ["Json", "dashboards"]


def dashboards(source: str) -> tuple[dict[str, Json], ...]:
    """All dashboards, with `source` as the uid of their Prometheus data source."""
    make = (ward_board, alarm_quality, beds_and_forecasts, pipeline_health, model_drift)
    return tuple(one(source) for one in make)
