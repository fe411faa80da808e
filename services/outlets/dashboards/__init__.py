"""The Grafana dashboards, built in code so that a test can hold their queries against the metrics that exist."""

from services.outlets.dashboards.drift import model_drift
from services.outlets.dashboards.panels import Json
from services.outlets.dashboards.pipeline import pipeline_health
from services.outlets.dashboards.ward import ward_board

__all__ = ["Json", "dashboards"]


def dashboards(source: str) -> tuple[dict[str, Json], ...]:
    """All dashboards, with `source` as the uid of their Prometheus data source."""
    return (ward_board(source), pipeline_health(source), model_drift(source))
