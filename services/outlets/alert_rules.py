"""The Grafana-managed alert rules for pipeline health: for whoever runs Wardwatch, never for a care team."""

from dataclasses import dataclass
from typing import Any, Final, Literal

from services.outlets.install_steps import FOLDER

GROUP: Final = "Pipeline health"
LABELS: Final = {"product": "wardwatch"}
"""A notification policy of the operator's own can match these."""
WINDOW_S: Final = 1800


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: it fires for each series of `expr` that stays above (`lt`: below) `limit` for `for_`."""

    uid: str
    title: str
    expr: str
    limit: float
    for_: str
    severity: Literal["critical", "warning"]
    summary: str
    do: str
    side: Literal["gt", "lt"] = "gt"
    no_data: Literal["OK", "Alerting"] = "OK"
    """Counters begin to exist when they first count: for them no data is no trouble."""


RULES: Final = (
    Rule(
        "wardwatch-ready", "A service is not ready", "min by (service) (wardwatch_ready)", 1, "3m", "critical",
        "{{ $labels.service }} is not assigned, has not caught up, or the models do not answer it",
        "/health/ready of the service says which; docs/operating.md", "lt", no_data="Alerting",
    ),
    Rule(
        "wardwatch-lag", "A stage lags", "sum by (service, topic) (wardwatch_lag)", 1000, "5m", "critical",
        "{{ $labels.service }} has {{ $values.A }} records of {{ $labels.topic }} not yet read",
        "Pipeline health, 'Lag of each stage' and 'A turn of each service'",
    ),
    Rule(
        "wardwatch-behind", "A consumer stands still",
        "min_over_time(sum by (service, topic) (wardwatch_lag)[15m:1m]) and on (service, topic) "
        "delta(sum by (service, topic) (wardwatch_lag)[15m:1m]) >= 0", 0, "5m", "warning",
        "{{ $labels.service }} has not reached the end of {{ $labels.topic }} for 15 minutes and comes no nearer",
        "its receiver may be down (Deliveries a minute), or the process hangs",
    ),
    Rule(
        "wardwatch-quarantine", "Inputs are quarantined",
        "sum by (service, reason) (increase(wardwatch_quarantined_total[15m]))", 0, "0s", "warning",
        "{{ $labels.service }} put {{ $values.A }} inputs aside in 15 minutes: {{ $labels.reason }}",
        "wardwatch quarantine",
    ),
    Rule(
        "wardwatch-missed", "Forecasts are missed",
        "sum by (model) (increase(wardwatch_forecasts_missed_total[15m]))", 0, "5m", "warning",
        "{{ $values.A }} forecasts of {{ $labels.model }} were not answered in time in 15 minutes",
        "NEWS2 goes on; look at Ray Serve and at 'Inference, p99'",
    ),
    Rule(
        "wardwatch-deliveries", "Alerts do not arrive",
        'sum by (receiver, result) (increase(wardwatch_deliveries_total{result=~"unavailable|misconfigured|refused",'
        'receiver!="grafana-live"}[10m]))', 0, "5m", "critical",
        "{{ $values.A }} deliveries to {{ $labels.receiver }} were {{ $labels.result }} in 10 minutes",
        "what is unavailable or misconfigured waits in order; what was refused: wardwatch quarantine",
    ),
)  # fmt: skip
"""All rules; those of counters look back over their window, so a single event is seen once and then ends."""


def model(rule: Rule, source: str, receiver: str | None) -> dict[str, Any]:
    """The rule as the provisioning API takes it (Grafana 10 to 12): a query, and a threshold over its series.

    `receiver` is the contact point that this rule calls, whatever the notification policies say (11 and later).
    """
    span = {"from": WINDOW_S, "to": 0}
    evaluator = {"type": rule.side, "params": [rule.limit]}
    routed = {} if receiver is None else {"notification_settings": {"receiver": receiver}}
    return {
        "uid": rule.uid,
        "orgID": 1,
        "title": rule.title,
        "folderUID": FOLDER["uid"],
        "ruleGroup": GROUP,
        "condition": "C",
        "for": rule.for_,
        "noDataState": rule.no_data,
        "execErrState": "Error",
        "labels": {**LABELS, "severity": rule.severity},
        "annotations": {"summary": rule.summary, "description": f"What to do: {rule.do}"},
        "data": [
            {
                "refId": "A",
                "relativeTimeRange": span,
                "datasourceUid": source,
                "model": {"refId": "A", "expr": rule.expr, "instant": True, "range": False, "editorMode": "code"},
            },
            {
                "refId": "C",
                "relativeTimeRange": span,
                "datasourceUid": "__expr__",
                "model": {
                    "refId": "C",
                    "type": "threshold",
                    "expression": "A",
                    "conditions": [{"evaluator": evaluator}],
                },
            },
        ],
        **routed,
    }
