"""A measurement as Prometheus gauges: of each measure its value and its limit; nothing of a patient."""

from collections.abc import Mapping

from prometheus_client import Gauge

from schemas.events import ModelDriftMeasured
from services.drift.measure import everything
from services.runtime import metrics

Figures = Mapping[str, float | None]


def show(event: ModelDriftMeasured) -> None:
    """Set the gauges of a model at a site; what can no longer be told is taken away, which Grafana shows as a gap."""
    told = list(everything(event))
    _set(metrics.MODEL_DRIFT, event, {measure.name: measure.value for measure in told})
    _set(metrics.MODEL_DRIFT_LIMIT, event, {measure.name: measure.limit for measure in told})
    _set(metrics.MODEL_FIGURE, event, figures(event))


def figures(event: ModelDriftMeasured) -> Figures:
    """What is shown beside the measures, now and at the model's making; None: too little to tell."""
    found: dict[str, float | None] = {
        "patient-hours a week": event.patient_hours,
        "patients a week": event.patients,
        "missed a day": event.missed,
        "declined a day": event.declined,
        "alarms a patient-day": event.alarms_per_patient_day,
        "alarms a patient-day, reference": event.reference_alarms_per_patient_day,
    }
    if (estimated := event.estimated) is not None:
        found |= {
            "mean forecast": estimated.mean,
            "mean forecast, reference": estimated.reference_mean,
            "estimated AUROC": estimated.auroc,
            "estimated AUROC, reference": estimated.reference_auroc,
            "estimated PPV": estimated.ppv,
            "PPV, reference": estimated.reference_ppv,
            "estimated recall": estimated.recall,
            "recall, reference": estimated.reference_recall,
        }
    if (labelled := event.labelled) is not None:
        found |= {
            "AUROC": labelled.auroc,
            "AUROC, reference": labelled.reference_auroc,
            "observed over expected": labelled.observed / labelled.expected if labelled.expected else None,
        }
    return found


def _set(gauge: Gauge, event: ModelDriftMeasured, values: Figures) -> None:
    where = (event.site, event.model)
    known = {name: value for name, value in values.items() if value is not None}
    shown = _shown.setdefault((gauge, *where), set())
    for name in shown - known.keys():
        gauge.remove(*where, name)
    for name, value in known.items():
        gauge.labels(*where, name).set(value)
    _shown[gauge, *where] = set(known)


_shown: dict[tuple[Gauge, str, str], set[str]] = {}
"""What stands in this process's registry."""
