"""Every Prometheus metric of Wardwatch, in one place; labels never name a person (rule 10)."""

from functools import cache

from prometheus_client import Counter, Gauge, Histogram

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

EVENTS = Counter("wardwatch_events_total", "Events read (in) and written (out)", ["service", "topic", "type", "way"])
READINGS = Counter("wardwatch_readings_total", "Readings accepted by the gateway or folded by watch", ["service"])
REQUESTS = Counter("wardwatch_requests_total", "Requests at the gateway by answer", ["service", "route", "status"])
RESOURCES = Counter("wardwatch_resources_total", "FHIR resources by what became of them", ["service", "type", "fate"])
QUARANTINED = Counter("wardwatch_quarantined_total", "Inputs that could not be used", ["service", "reason"])
LAG = Gauge("wardwatch_lag", "Records not yet read", ["service", "topic", "partition"])
TURN_SECONDS = Histogram(
    "wardwatch_turn_seconds", "One turn of a stream service, poll to commit", ["service"], buckets=_FAST
)
INFERENCE_SECONDS = Histogram("wardwatch_inference_seconds", "One inference call", ["service", "model"], buckets=_FAST)
MISSED = Counter("wardwatch_forecasts_missed_total", "Forecasts that were not answered in time", ["service", "model"])
ALERTS = Counter("wardwatch_alerts_total", "Alert transitions", ["kind", "severity", "transition"])
LATENCY_SECONDS = Histogram(
    "wardwatch_alert_latency_seconds", "Gateway acknowledgement to alert event, real time", ["kind"], buckets=_FAST
)
CENSUS = Gauge("wardwatch_census", "Beds of a ward", ["ward", "state"])
READY = Gauge("wardwatch_ready", "1 when assigned, caught up and the models answer", ["service"])
DELIVERIES = Counter("wardwatch_deliveries_total", "Alert deliveries by receiver and result", ["receiver", "result"])
STATES = Gauge("wardwatch_states", "Patient states held by this worker", ["service"])
MODEL_DRIFT = Gauge("wardwatch_model_drift", "A model's drift by measure", ["site", "model", "measure"])
MODEL_DRIFT_LIMIT = Gauge(
    "wardwatch_model_drift_limit",
    "Limit of the measure: what matters, or chance",
    ["site", "model", "measure"],
)
MODEL_FIGURE = Gauge("wardwatch_model_figure", "A model's figures now and at its making", ["site", "model", "figure"])


@cache
def counted(metric: Counter, *labels: str) -> Counter:
    """A counter's child, looked up once: `labels` itself looks into the environment at each call (8 % of watch)."""
    return metric.labels(*labels)


@cache
def shown(metric: Gauge, *labels: str) -> Gauge:
    """A gauge's child, looked up once."""
    return metric.labels(*labels)
