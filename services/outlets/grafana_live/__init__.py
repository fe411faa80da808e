"""Live streams of risk and beds into Grafana Live: a view of the log, never a record of it (docs/grafana.md)."""

from services.outlets.grafana_live.pushing import LivePush
from services.outlets.grafana_live.streaming import LiveStreams

__all__ = ["LivePush", "LiveStreams"]
