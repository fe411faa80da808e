"""A forecast → RiskAssessment (FHIR R4 RiskAssessment). The id is the event's, so a repeat is the same resource."""

from fhir.resources.R4B.riskassessment import RiskAssessment

from schemas.events import ForecastExplained, RiskForecasted

SYSTEM = "urn:wardwatch"
OUTCOMES = {"sepsis": "Sepsis", "deterioration": "Deterioration"}


def risk_assessment(
    event: RiskForecasted, *, subject: str, encounter: str | None = None, explained: ForecastExplained | None = None
) -> RiskAssessment:
    """`subject` and `encounter` are the hospital's own references (`Patient/123`), translated by the caller."""
    name = OUTCOMES.get(event.model, event.model)
    level = "above the alarm level" if event.probability >= event.threshold else "below the alarm level"
    content = {
        "id": event.id,
        "identifier": [{"system": SYSTEM, "value": event.id}],
        "status": "final" if event.mode == "live" else "preliminary",
        "method": {"text": f"{event.model} {event.version}"},
        "subject": {"reference": subject},
        "encounter": {"reference": encounter} if encounter else None,
        "occurrenceDateTime": event.as_of.isoformat(),
        "prediction": [
            {
                "outcome": {"text": name},
                "probabilityDecimal": str(event.probability),
                "qualitativeRisk": {"text": level},
            }
            | _when(event.horizon_hours)
        ],
        "note": [
            {"text": f"{factor.label}: {factor.contribution:+.2f} log-odds"} for factor in explained.factors
        ] if explained and explained.factors else None,
    }  # fmt: skip
    return RiskAssessment.model_validate({k: v for k, v in content.items() if v is not None})


def _when(hours: float | None) -> dict[str, object]:
    """The period it is for; a forecast to the end of the hospital stay has none that is known."""
    if hours is None:
        return {}
    unit = {"unit": "h", "system": "http://unitsofmeasure.org", "code": "h"}
    return {"whenRange": {"low": {"value": 0} | unit, "high": {"value": str(hours)} | unit}}
