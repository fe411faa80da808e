"""Panels of a Grafana dashboard in its JSON model, schema version 39 (Grafana 11; 10 and 12 read it too)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.outlets.grafana_live.pushing import STREAM

Json = Any

SCHEMA = 39
COLUMNS = 24
GRAFANA = {"type": "grafana", "uid": "-- Grafana --"}


@dataclass(frozen=True, slots=True)
class Query:
    """PromQL and how its series are called."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Live:
    """A stream that is pushed to Grafana Live, all its fields; `legend` may name labels as `${__field.labels.ward}`."""

    stream: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: `kind` is Grafana's panel type, `unit` Grafana's name of a unit, widths in 24ths of the page."""

    title: str
    queries: tuple[Query | Live, ...]
    what: str
    kind: str = "timeseries"
    unit: str = "short"
    width: int = 12
    height: int = 8
    stacked: bool = False
    red_above: float | None = None
    red_below: float | None = None
    instant: bool = False
    options: tuple[tuple[str, Json], ...] = ()


def dashboard(uid: str, title: str, what: str, panels: Sequence[Panel], source: str, **more: Json) -> dict[str, Json]:
    """A dashboard that flows its panels from left to right and marks alerts on every time axis."""
    alerts = {
        "name": "Alerts",
        "enable": True,
        "iconColor": "red",
        "datasource": GRAFANA,
        "target": {"type": "tags", "tags": ["wardwatch"], "matchAny": False, "limit": 100},
    }
    placed, x, y, tallest = [], 0, 0, 0
    for number, panel in enumerate(panels, start=1):
        if x + panel.width > COLUMNS:
            x, y, tallest = 0, y + tallest, 0
        placed.append({"id": number, "gridPos": {"x": x, "y": y, "w": panel.width, "h": panel.height}})
        x, tallest = x + panel.width, max(tallest, panel.height)
    shown = [{**place, **drawn(panel, source)} for place, panel in zip(placed, panels, strict=True)]
    return {
        "uid": uid,
        "title": title,
        "description": what,
        "tags": ["wardwatch"],
        "schemaVersion": SCHEMA,
        "timezone": "browser",
        "refresh": "10s",
        "time": {"from": "now-6h", "to": "now"},
        "editable": True,
        "annotations": {"list": [alerts]},
        "panels": shown,
        "templating": {"list": []},
        **more,
    }


def drawn(panel: Panel, source: str) -> dict[str, Json]:
    """A panel's model, its place aside."""
    live = next((query for query in panel.queries if isinstance(query, Live)), None)
    asked = GRAFANA if live or not panel.queries else {"type": "prometheus", "uid": source}
    targets = [
        {"refId": chr(ord("A") + place), "datasource": asked, **_target(query, instant=panel.instant)}
        for place, query in enumerate(panel.queries)
    ]
    steps: list[Json] = [{"color": "green", "value": None}]
    if panel.red_above is not None:
        steps.append({"color": "red", "value": panel.red_above})
    if panel.red_below is not None:
        steps = [{"color": "red", "value": None}, {"color": "green", "value": panel.red_below}]
    custom: dict[str, Json] = {}
    if panel.kind == "timeseries":
        custom = {"lineWidth": 2, "fillOpacity": 30 if panel.stacked else 8, "showPoints": "never"}
        custom["stacking"] = {"mode": "normal" if panel.stacked else "none", "group": "A"}
    named = {"displayName": live.legend} if live and live.legend else {}
    thresholds = {"mode": "absolute", "steps": steps}
    defaults = {"unit": panel.unit, "min": 0, "thresholds": thresholds, "custom": custom, **named}
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.what,
        "datasource": asked,
        "targets": targets,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": dict(panel.options),
    }


def _target(query: Query | Live, *, instant: bool) -> dict[str, Json]:
    """What the panel asks: PromQL of Prometheus, or a channel of Grafana itself."""
    if isinstance(query, Live):
        return {"queryType": "measurements", "channel": f"stream/{STREAM}/{query.stream}"}
    return {
        "expr": query.expr,
        "legendFormat": query.legend,
        "instant": instant,
        "range": not instant,
        "editorMode": "code",
    }
