"""Beds and forecasts: for who runs the house, the census of the wards and the beds that will be needed."""

from services.outlets.dashboards.panels import Json, Live, Panel, Query, dashboard

CENSUS = "wardwatch_census"
CHOSEN = 'ward=~"$ward"'
WARD = "${__field.labels.ward} ${__field.name}"


def beds_and_forecasts(source: str) -> dict[str, Json]:
    """Census by Prometheus, with a history; forecasts by Grafana Live, as they are made."""
    occupied, beds = f'{CENSUS}{{{CHOSEN},state="occupied"}}', f'{CENSUS}{{{CHOSEN},state="beds"}}'
    panels = [
        _number("Beds taken", f"sum({occupied})", "Occupied beds of the chosen wards."),
        _number(
            "Occupancy",
            f"sum({occupied}) / sum({beds})",
            "Occupied of all beds of the chosen wards; red above 92%.",
            unit="percentunit",
            red_above=0.92,
        ),
        _number(
            "Waiting for a bed", f'sum({CENSUS}{{{CHOSEN},state="waiting"}})', "Admissions asked for, without a bed."
        ),
        _number("Closed beds", f'sum({CENSUS}{{{CHOSEN},state="closed"}})', "Out of use: staffing, repair, isolation."),
        Panel(
            "Occupied beds by ward",
            (Query(f"sum by (ward) ({occupied})", "{{ward}}"),),
            "The census as it was counted.",
        ),
        Panel(
            "Occupancy by ward",
            (Query(f"sum by (ward) ({occupied}) / sum by (ward) ({beds})", "{{ward}}"),),
            "Occupied of all beds.",
            unit="percentunit",
            red_above=1,
        ),
        Panel(
            "Waiting by ward",
            (Query(f'sum by (ward) ({CENSUS}{{{CHOSEN},state="waiting"}})', "{{ward}}"),),
            "Admissions asked for, without a bed.",
            stacked=True,
        ),
        Panel(
            "Free beds by ward, fewest of the last day",
            (Query(f"min_over_time((sum by (ward) ({beds}) - sum by (ward) ({occupied}))[1d:5m])", "{{ward}}"),),
            "How close to full each ward came.",
            kind="bargauge",
            instant=True,
            red_below=1,
        ),
        Panel(
            "Beds now",
            (Live("beds", WARD),),
            "Occupied, beds, closed and waiting of each ward, pushed as they change.",
        ),
        Panel(
            "Beds needed, newest forecasts",
            (Live("bed_forecast", f"{WARD}"),),
            "Mean occupied beds in 4 to 48 hours, and in 7 and 28 days, with the 0.1 and 0.9 quantiles.",
            kind="bargauge",
            options=(
                ("orientation", "horizontal"),
                ("displayMode", "basic"),
                ("reduceOptions", {"calcs": ["lastNotNull"], "fields": "", "values": False}),
            ),
        ),
        Panel(
            "Bed forecasts made an hour",
            (
                Query(
                    'sum(rate(wardwatch_events_total{type="BedDemandForecasted",way="out"}[1h])) * 3600 or vector(0)',
                    "forecasts",
                ),
            ),
            "A line at zero: no forecast is being made, and those shown are getting old.",
        ),
    ]
    asked = f"label_values({CENSUS}, ward)"
    ward = {
        "name": "ward",
        "label": "Ward",
        "type": "query",
        "includeAll": True,
        "multi": True,
        "refresh": 2,
        "datasource": {"type": "prometheus", "uid": source},
        "definition": asked,
        "query": {"query": asked, "refId": "ward"},
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }
    what = "Census of the wards, and the beds that will be needed. Plans and theatres are on the console."
    more: dict[str, Json] = {"templating": {"list": [ward]}, "time": {"from": "now-7d", "to": "now"}}
    return dashboard("wardwatch-beds", "Beds and forecasts", what, panels, source, **more)


def _number(title: str, expr: str, what: str, *, unit: str = "short", red_above: float | None = None) -> Panel:
    """One number of now."""
    return Panel(
        title, (Query(expr),), what, kind="stat", unit=unit, width=6, height=5, red_above=red_above, instant=True
    )
