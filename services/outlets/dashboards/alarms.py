"""Alarm quality: for the administrator who asks whether the alerts are too many, answered, and in time."""

from services.outlets.dashboards.panels import Json, Panel, Query, dashboard

ALERTS = "wardwatch_alerts_total"
RAISED = 'transition="AlertRaised"'
DAY = "1d"


def alarm_quality(source: str) -> dict[str, Json]:
    """Burden, answers and delays. What was right (PPV) is known from outcomes, which no metric has: see the console."""
    day = f"sum(increase({ALERTS}{{{RAISED}}}[{DAY}]))"
    bed_days = 'sum(avg_over_time(wardwatch_census{state="occupied"}[1d]))'
    panels = [
        _number("Alerts raised, last day", f"{day} or vector(0)", "All kinds and severities."),
        _number(
            "Alerts per occupied bed-day",
            f"{day} / {bed_days}",
            "Alerts of the last day by the mean number of patients in the house: the burden on a nurse.",
        ),
        _number(
            "Acknowledged, of those raised",
            _share("AlertAcknowledged", day),
            "In the last day. Few: nobody sees them, or nobody believes them.",
            unit="percentunit",
        ),
        _number(
            "Escalated, of those raised",
            _share("AlertEscalated", day),
            "In the last day; an alert can be escalated more than once.",
            unit="percentunit",
        ),
        Panel(
            "Raised, by kind",
            (Query(f"sum by (kind) (increase({ALERTS}{{{RAISED}}}[1h]))", "{{kind}}"),),
            "In windows of an hour.",
            stacked=True,
        ),
        Panel(
            "Raised, by severity",
            (Query(f"sum by (severity) (increase({ALERTS}{{{RAISED}}}[1h]))", "{{severity}}"),),
            "In windows of an hour.",
            stacked=True,
        ),
        Panel(
            "Answered or not, of a day's alerts by kind",
            tuple(
                Query(
                    f'sum by (kind) (increase({ALERTS}{{transition="{transition}"}}[{DAY}])) '
                    f"/ sum by (kind) (increase({ALERTS}{{{RAISED}}}[{DAY}]))",
                    "{{kind}} " + word,
                )
                for transition, word in (("AlertAcknowledged", "acknowledged"), ("AlertSnoozed", "snoozed"))
            ),
            "Share of the alerts raised in the last day.",
            unit="percentunit",
        ),
        Panel(
            "Ended without an answer",
            tuple(
                Query(f'sum by (kind) (increase({ALERTS}{{transition="{transition}"}}[{DAY}]))', "{{kind}} " + word)
                for transition, word in (
                    ("AlertWentStale", "went stale"),
                    ("AlertSuppressed", "suppressed"),
                    ("AlertUnreached", "reached nobody"),
                )
            ),
            "In the last day. Stale: the data ended, not the danger.",
        ),
        Panel(
            "Reading to alert, p99 by kind",
            (
                Query(
                    "histogram_quantile(0.99, sum by (le, kind) (rate(wardwatch_alert_latency_seconds_bucket[1h])))",
                    "{{kind}}",
                ),
            ),
            "From the gateway's acknowledgement to the alert event, real time.",
            unit="s",
            red_above=0.25,
        ),
        Panel(
            "All transitions",
            (Query(f"sum by (transition) (increase({ALERTS}[1h]))", "{{transition}}"),),
            "In windows of an hour.",
            stacked=True,
        ),
    ]
    what = "How many alerts, how many answered, how fast. By ward, and how many were right: the console."
    return dashboard("wardwatch-alarms", "Alarm quality", what, panels, source, time={"from": "now-7d", "to": "now"})


def _share(transition: str, raised: str) -> str:
    return f'sum(increase({ALERTS}{{transition="{transition}"}}[{DAY}])) / {raised}'


def _number(title: str, expr: str, what: str, *, unit: str = "short") -> Panel:
    """One number of the last day."""
    return Panel(title, (Query(expr),), what, kind="stat", unit=unit, width=6, height=5, instant=True)
