"""Pipeline health: for the operator at 3 a.m., from left to right as the data flows."""

from services.outlets.dashboards.panels import Json, Panel, Query, dashboard


def pipeline_health(source: str) -> dict[str, Json]:
    """Readiness and speed, backlog and losses of every stage."""
    panels = [
        Panel(
            "Ready",
            (Query("min by (service) (wardwatch_ready)", "{{service}}"),),
            "1 where a service is assigned, has caught up and the models answer.",
            kind="stat",
            width=24,
            height=4,
            red_below=1,
            instant=True,
        ),
        Panel(
            "Readings a second",
            (Query("sum by (service) (rate(wardwatch_readings_total[1m]))", "{{service}}"),),
            "Accepted by the gateway and folded by watch: the two lines should lie on each other.",
        ),
        Panel(
            "Lag of each stage",
            (Query("sum by (service, topic) (wardwatch_lag)", "{{service}} ← {{topic}}"),),
            "Records not yet read. A line that only rises is a stage that stands still.",
            red_above=1000,
        ),
        Panel(
            "Reading to alert",
            (
                Query(_quantile(0.5, "wardwatch_alert_latency_seconds"), "p50"),
                Query(_quantile(0.99, "wardwatch_alert_latency_seconds"), "p99"),
            ),
            "From the gateway's acknowledgement to the alert event, real time.",
            unit="s",
            red_above=0.25,
        ),
        Panel(
            "A turn of each service, p99",
            (Query(_quantile(0.99, "wardwatch_turn_seconds", "service"), "{{service}}"),),
            "From poll to commit.",
            unit="s",
        ),
        Panel(
            "Inference, p99",
            (Query(_quantile(0.99, "wardwatch_inference_seconds", "model"), "{{model}}"),),
            "One call to the models, as the caller saw it.",
            unit="s",
        ),
        Panel(
            "Forecasts missed a minute",
            (Query("sum by (model) (rate(wardwatch_forecasts_missed_total[5m])) * 60", "{{model}}"),),
            "Not answered before the deadline; recorded as missed, and owed.",
        ),
        Panel(
            "Quarantined a minute",
            (Query("sum by (service, reason) (rate(wardwatch_quarantined_total[5m])) * 60", "{{service}} {{reason}}"),),
            "Inputs and deliveries that could not be used; `wardwatch quarantine` shows them.",
        ),
        Panel(
            "Answers of the gateway a second",
            (Query("sum by (route, status) (rate(wardwatch_requests_total[1m]))", "{{route}} {{status}}"),),
            "429 and 503 are the brake: senders are told to come back.",
        ),
        Panel(
            "Events a second",
            (Query("sum by (service, way) (rate(wardwatch_events_total[1m]))", "{{service}} {{way}}"),),
            "What each service reads and writes.",
        ),
        Panel(
            "Deliveries a minute",
            (
                Query(
                    "sum by (receiver, result) (rate(wardwatch_deliveries_total[5m])) * 60", "{{receiver}} {{result}}"
                ),
            ),
            "Attempts. `unavailable` and `misconfigured` wait and are tried again, `refused` is quarantined.",
        ),
        Panel(
            "FHIR resources a second, by fate",
            (Query("sum by (type, fate) (rate(wardwatch_resources_total[1m]))", "{{type}} {{fate}}"),),
            "Applied, deliberately ignored, or quarantined.",
        ),
        Panel(
            "Patients held",
            (Query("sum by (service) (wardwatch_states)", "{{service}}"),),
            "Patient states in the memory of the workers.",
        ),
        Panel(
            "Beds",
            (Query("sum by (state) (wardwatch_census)", "{{state}}"),),
            "All wards together, by state.",
            stacked=True,
        ),
    ]
    what = "Throughput, backlog, latency and losses of every stage, gateway to receivers."
    return dashboard("wardwatch-pipeline", "Pipeline health", what, panels, source)


def _quantile(q: float, histogram: str, *by: str) -> str:
    """A quantile of a histogram over five minutes, by these labels."""
    labels = ", ".join(["le", *by])
    return f"histogram_quantile({q}, sum by ({labels}) (rate({histogram}_bucket[5m])))"
