"""Model drift: for a model's owner, what it meets today against what it was made with."""

from services.outlets.dashboards.panels import GRAFANA, Json, Panel, Query, dashboard

DRIFT, LIMIT, FIGURE = "wardwatch_model_drift", "wardwatch_model_drift_limit", "wardwatch_model_figure"
CHOSEN = 'site=~"$site", model=~"$model"'


def model_drift(source: str) -> dict[str, Json]:
    """Measures against their limits, forecasts and alarms against the card, performance estimated and with labels."""
    panels = [
        Panel(
            "Beyond the limit",
            (Query(f"sum by (model) ({DRIFT}{{{CHOSEN}}} >= bool {LIMIT}{{{CHOSEN}}})", "{{model}}"),),
            "Measures at or above their limit. A limit is never below what chance gives so few patients.",
            kind="stat",
            width=8,
            height=5,
            red_above=1,
            instant=True,
        ),
        Panel(
            "Patients in the week",
            (_figure("patients a week"),),
            "Below 20 patients nothing is said of a reading or a forecast: an empty panel is no good news.",
            kind="stat",
            width=8,
            height=5,
            instant=True,
        ),
        Panel(
            "Latest drift alarms",
            (),
            "Found and ended; they are for the model's owner and on no ward's dashboard.",
            kind="annolist",
            width=8,
            height=5,
            options=(("tags", ["model-owner"]), ("limit", 10), ("onlyInTimeRange", False), ("showTags", True)),
        ),
        Panel(
            "Measures, as a share of their limit",
            (Query(f"{DRIFT}{{{CHOSEN}}} / {LIMIT}{{{CHOSEN}}}", "{{model}} {{measure}}"),),
            "Population stability index of readings and forecasts, odds of being measured, alarms, AUROC, calibration: "
            "each the worse of the newest day and week. 1 is the limit.",
            width=24,
            height=10,
            red_above=1,
        ),
        Panel(
            "Alarms a patient-day",
            (_figure("alarms a patient-day"), _figure("alarms a patient-day, reference")),
            "At the alert threshold with 24 h of silence, silent models included; on the card's patients, and now.",
        ),
        Panel(
            "Mean forecast",
            (_figure("mean forecast"), _figure("mean forecast, reference")),
            "The newest week, and the patients held out of the training.",
            unit="percentunit",
        ),
        Panel(
            "Estimated performance, no labels",
            tuple(
                _figure(name)
                for name in ("estimated AUROC", "estimated AUROC, reference", "estimated PPV", "estimated recall")
            ),
            "What calibrated forecasts promise. Blind where forecasts are no longer true: then only labels tell.",
            unit="percentunit",
        ),
        Panel(
            "With labels",
            tuple(_figure(name) for name in ("AUROC", "AUROC, reference", "observed over expected")),
            "Stays of 30 days that ended a day ago or longer, by diagnoses and deaths on the bus. 1: calibrated.",
        ),
        Panel(
            "Not forecast, a day",
            (_figure("missed a day"), _figure("declined a day")),
            "Answers that did not come in time, and patients that the model must not be asked about.",
        ),
    ]
    owner = {
        "name": "Drift",
        "enable": True,
        "iconColor": "orange",
        "datasource": GRAFANA,
        "target": {"type": "tags", "tags": ["model-owner"], "matchAny": False, "limit": 100},
    }
    what = "What each model meets today against what it was made with; for its owner."
    more: dict[str, Json] = {
        "annotations": {"list": [owner]},
        "templating": {"list": [_choice(name, source) for name in ("site", "model")]},
        "time": {"from": "now-7d", "to": "now"},
    }
    return dashboard("wardwatch-drift", "Model drift", what, panels, source, **more)


def _figure(name: str) -> Query:
    return Query(f'{FIGURE}{{{CHOSEN}, figure="{name}"}}', f"{{{{model}}}} {name}")


def _choice(name: str, source: str) -> dict[str, Json]:
    asked = f"label_values({FIGURE}, {name})"
    return {
        "name": name,
        "label": name.capitalize(),
        "type": "query",
        "includeAll": True,
        "multi": True,
        "refresh": 2,
        "datasource": {"type": "prometheus", "uid": source},
        "definition": asked,
        "query": {"query": asked, "refId": name},
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }
