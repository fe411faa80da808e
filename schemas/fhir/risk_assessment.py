"""A forecast → RiskAssessment (FHIR R4 RiskAssessment): what a live model expects, from what, and until when.

One for a patient, model and clock hour (docs/decisions/0145-fhir-risk-by-the-hour.md): the id is the caller's.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from schemas.events import Factor, ForecastExplained, RiskForecasted
from schemas.fhir.ours import MODEL, SYSTEM, Ref, Resource, exact, model, newer, stamped, without

OUTCOMES: Final = {"sepsis": "Sepsis", "deterioration": "Death in this hospital stay"}
LEVELS: Final = "http://terminology.hl7.org/CodeSystem/risk-probability"
CODES: Final = {"low": "low", "raised": "moderate", "high": "high"}
"""FHIR's word for a band of ours; 'very high' is none of FHIR's, whose next word is 'certain'."""
BAND: Final = "urn:wardwatch:band"
READING: Final = "urn:wardwatch:reading"


def risk_assessment(
    found: Resource | None, event: RiskForecasted, *, id_: str, patient: Ref, encounter: Ref | None,
    basis: Sequence[Ref], explained: ForecastExplained | None = None,
) -> Resource:  # fmt: skip
    """What should stand after this forecast; a newer one, or one that the hospital marked as an error, is kept.

    `basis`: the readings that moved it most, the strongest first; where nobody told them, what stands is kept.
    """
    if found is not None and (found.get("status") == "entered-in-error" or newer(found, event.as_of)):
        return found
    names = [{"system": SYSTEM, "value": value} for value in (id_, event.id)]
    ours: Resource = {
        "resourceType": "RiskAssessment", "id": id_, "identifier": names, "extension": stamped(found, event.as_of),
        "status": "final", "subject": patient, "occurrenceDateTime": exact(event.as_of),
        "method": {"coding": [{"system": MODEL, "code": event.model, "version": event.version}],
                   "text": f"{event.model} {event.version}"},
        "performer": model(event.model, event.version), "prediction": [_prediction(event)],
    }  # fmt: skip
    ours |= {"encounter": encounter} if encounter else {}
    ours |= {"basis": list(basis)} if basis else {}
    if explained is not None and explained.factors:
        ours["note"] = [{"time": exact(event.as_of), "text": words(factor)} for factor in explained.factors]
    return without(found) | ours


def band(resource: Resource) -> str:
    """The band that a RiskAssessment of ours tells; '' where it tells none."""
    for prediction in resource.get("prediction", ()):
        for coding in prediction.get("qualitativeRisk", {}).get("coding", ()):
            if coding.get("system") == BAND:
                return str(coding["code"])
    return ""


def level(event: RiskForecasted) -> str:
    """The level of risk that people act on: the model's band, else on which side of its alarm level."""
    return event.band or ("above the alarm level" if event.probability >= event.threshold else "below the alarm level")


def words(factor: Factor) -> str:
    """One reason: the reading, its trend, and how much it moved the forecast."""
    value = "" if factor.value is None else f" {factor.value:g}{f' {factor.unit}' if factor.unit else ''}"
    trend = "" if factor.trend_per_hour is None else f", {factor.trend_per_hour:+.2g} an hour"
    return f"{factor.label}{value}{trend}: {factor.contribution:+.2f} log-odds"


def reading(factor: Factor) -> Ref | None:
    """A reading by what it measured and when, for where the server's own name of it is not known."""
    if factor.taken is None or factor.value is None:
        return None
    at = exact(factor.taken)
    unit = f" {factor.unit}" if factor.unit else ""
    return {
        "type": "Observation", "identifier": {"system": READING, "value": f"{factor.feature}@{at}"},
        "display": f"{factor.label} {factor.value:g}{unit}, {at}",
    }  # fmt: skip


def _prediction(event: RiskForecasted) -> Resource:
    said = level(event)
    coding = [{"system": BAND, "code": said}]
    if (code := CODES.get(event.band or "")) is not None:
        coding.append({"system": LEVELS, "code": code})
    period = {"start": exact(event.as_of)}  # a forecast to the end of the stay has an end that nobody knows
    if event.horizon_hours is not None:
        period["end"] = exact(event.as_of + timedelta(hours=event.horizon_hours))
    return {
        "outcome": {"text": OUTCOMES.get(event.model, event.model)}, "probabilityDecimal": event.probability,
        "qualitativeRisk": {"coding": coding, "text": said}, "whenPeriod": period,
    }  # fmt: skip
