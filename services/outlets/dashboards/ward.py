"""The ward board: what was raised, what is computed, how full the wards are, and the latest alerts themselves."""

from services.outlets.dashboards.panels import Json, Live, Panel, Query, dashboard

# Counters of alerts carry the transition's name as the event has it, or its last word.
RAISED = 'transition=~"(AlertR|r)aised"'

WARD = "${__field.labels.ward}"


def ward_board(source: str) -> dict[str, Json]:
    """For a ward sister or a site manager: no reading, no name, no key; those are on the console."""
    alerts = "wardwatch_alerts_total"
    events = "wardwatch_events_total"
    panels = [
        Panel(
            "Red alerts, last hour",
            (Query(f'sum(increase({alerts}{{severity="red",{RAISED}}}[1h])) or vector(0)'),),
            "Alerts raised at once as red. Escalated ones count where they were raised.",
            kind="stat",
            width=6,
            height=5,
            red_above=1,
            instant=True,
        ),
        Panel(
            "Amber alerts, last hour",
            (Query(f'sum(increase({alerts}{{severity="amber",{RAISED}}}[1h])) or vector(0)'),),
            "Alerts raised as amber.",
            kind="stat",
            width=6,
            height=5,
            instant=True,
        ),
        Panel(
            "NEWS2 scores a minute",
            (Query(f'sum(rate({events}{{type="WarningScoreComputed",way="out"}}[5m])) * 60 or vector(0)'),),
            "National Early Warning Scores computed.",
            kind="stat",
            width=6,
            height=5,
        ),
        Panel(
            "Forecasts a minute",
            (Query(f'sum(rate({events}{{type="RiskForecasted",way="out"}}[5m])) * 60 or vector(0)'),),
            "Risk forecasts made by models, silent ones included.",
            kind="stat",
            width=6,
            height=5,
        ),
        Panel(
            "Risk now, highest and mean of each ward",
            (Live("ward_risk", f"{WARD} ${{__field.labels.model}} ${{__field.name}}"),),
            "Live models only, pushed as they forecast. A gap is no forecast, and no good news.",
            unit="percentunit",
        ),
        Panel(
            "Risk now, by bed",
            (Live("bed_risk", "${__field.labels.ward} ${__field.labels.bed} ${__field.labels.model}"),),
            "Newest forecast for whoever is in the bed; who it is stands on the console only.",
            kind="bargauge",
            unit="percentunit",
            options=(
                ("orientation", "horizontal"),
                ("displayMode", "basic"),
                ("reduceOptions", {"calcs": ["lastNotNull"], "fields": "", "values": False}),
            ),
        ),
        Panel(
            "Patients by forecast, now",
            (Live("ward_forecast", f"{WARD} ${{__field.labels.model}} ${{__field.name}}"),),
            "Above the model's threshold, forecast, and unknown: nothing newer than three hours, missed or declined.",
        ),
        Panel(
            "NEWS2 now, highest of each ward",
            (Live("ward_news2", WARD),),
            "7 and above is the threshold of an emergency response.",
            width=6,
            red_above=7,
        ),
        Panel(
            "Beds now",
            (Live("beds", f"{WARD} ${{__field.name}}"),),
            "The census of each ward as it changes.",
            width=6,
        ),
        Panel(
            "Alerts raised, by kind and severity",
            (Query(f"sum by (kind, severity) (increase({alerts}{{{RAISED}}}[5m]))", "{{kind}} {{severity}}"),),
            "In windows of five minutes.",
            stacked=True,
        ),
        Panel(
            "What becomes of alerts",
            (Query(f"sum by (transition) (increase({alerts}[15m]))", "{{transition}}"),),
            "Transitions in windows of fifteen minutes: many raised and few acknowledged is a tired team.",
        ),
        Panel(
            "Beds",
            (Query('sum by (ward, state) (wardwatch_census{ward=~"$ward"})', "{{ward}} {{state}}"),),
            "Beds of each ward by state, as the census counts them.",
            stacked=True,
        ),
        Panel(
            "Latest alerts",
            (),
            "Ward, bed, kind and state are the tags; who it is stands on the console only.",
            kind="annolist",
            options=(
                ("tags", ["wardwatch"]),
                ("limit", 20),
                ("onlyInTimeRange", False),
                ("showTags", True),
                ("showTime", True),
                ("showUser", False),
                ("navigateToPanel", False),
            ),
        ),
    ]
    ward = {
        "name": "ward",
        "label": "Ward",
        "type": "query",
        "includeAll": True,
        "multi": True,
        "refresh": 2,
        "datasource": {"type": "prometheus", "uid": source},
        "definition": "label_values(wardwatch_census, ward)",
        "query": {"query": "label_values(wardwatch_census, ward)", "refId": "ward"},
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }
    what = "Alerts, early warning scores, forecasts and beds of the wards."
    return dashboard("wardwatch-ward", "Ward board", what, panels, source, templating={"list": [ward]})
