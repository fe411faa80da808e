"""Events → FHIR resources: valid for the full library, and the hospital's own additions kept."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.events import (
    Factor,
    ForecastExplained,
    ImagingFindingReported,
    ImagingStudyReported,
    RiskForecasted,
    SeenInstance,
)
from schemas.fhir.audit_event import audit_event
from schemas.fhir.diagnostic_report import diagnostic_report
from schemas.fhir.finding import finding
from schemas.fhir.imaging_study import imaging_study
from schemas.fhir.library import validate
from schemas.fhir.model_provenance import features, model_provenance
from schemas.fhir.ours import Ref, Resource
from schemas.fhir.risk_assessment import band, reading, risk_assessment

AT = datetime(2026, 1, 2, 12, tzinfo=UTC)
WHO: dict[str, Any] = {"site": "main", "known": AT, "patient": "key-00000001"}
PATIENT: Ref = {"reference": "Patient/p-1"}
LACTATE = Factor(feature="lactate", label="Lactate", value=4.1, unit="mmol/L", taken=AT, contribution=0.8)


def forecast(**more: Any) -> RiskForecasted:  # noqa: ANN401 - fields of an event
    """A live forecast of sepsis."""
    content: dict[str, Any] = {
        "id": "f-1", "as_of": AT, "model": "sepsis", "version": "1.0", "mode": "live", "horizon_hours": 6,
        "probability": 0.1234567, "threshold": 0.1, "band": "raised", "features": "x", "row": 3,
    }  # fmt: skip
    return RiskForecasted.model_validate(WHO | content | more)


def assessed(event: RiskForecasted, found: Resource | None = None, **more: Any) -> Resource:  # noqa: ANN401
    """Its resource."""
    given: dict[str, Any] = {"id_": "r-1", "patient": PATIENT, "encounter": None, "basis": ()}
    return risk_assessment(found, event, **(given | more))


def test_risk_assessment() -> None:
    """Probability to the digit, band in FHIR's word, horizon as a period, model, readings and reasons."""
    explained = ForecastExplained(
        id="x-1", **WHO, as_of=AT, model="sepsis", version="1.0", forecast="f-1", factors=(LACTATE,)
    )
    basis = [reading(LACTATE) or {}]
    content = assessed(forecast(), explained=explained, basis=basis, encounter={"reference": "Encounter/e-1"})
    assert validate(content) is None
    (prediction,) = content["prediction"]
    assert prediction["probabilityDecimal"] == 0.1234567
    assert prediction["qualitativeRisk"]["coding"][1]["code"] == "moderate"
    assert prediction["whenPeriod"] == {
        "start": "2026-01-02T12:00:00.000+00:00",
        "end": "2026-01-02T18:00:00.000+00:00",
    }
    assert content["method"]["coding"] == [{"system": "urn:wardwatch:model", "code": "sepsis", "version": "1.0"}]
    assert content["basis"][0]["identifier"]["value"] == "lactate@2026-01-02T12:00:00.000+00:00"
    assert content["note"][0]["text"] == "Lactate 4.1 mmol/L: +0.80 log-odds"
    assert band(content) == "raised"
    assert "key-00000001" not in str(content)


def test_a_forecast_to_the_end_of_the_stay_has_no_end() -> None:
    """Nobody knows when the stay will end; a model without bands is told by its alarm level."""
    content = assessed(forecast(model="deterioration", horizon_hours=None, band=None))
    assert validate(content) is None
    assert set(content["prediction"][0]["whenPeriod"]) == {"start"}
    assert band(content) == "above the alarm level"


def test_an_older_forecast_changes_nothing() -> None:
    """What comes late is older than what stands; a note of the hospital's stays."""
    stands = assessed(forecast(id="f-2", probability=0.5)) | {"mitigation": "fluids"}
    assert assessed(forecast(as_of=AT - timedelta(minutes=5)), stands) == stands
    later = assessed(forecast(as_of=AT + timedelta(minutes=5)), stands)
    assert (later["mitigation"], later["prediction"][0]["probabilityDecimal"]) == ("fluids", 0.1234567)
    wrong = stands | {"status": "entered-in-error"}
    assert assessed(forecast(as_of=AT + timedelta(minutes=5)), wrong) == wrong


def test_provenance_names_model_and_readings() -> None:
    """The model as a Device, the readings and the hash of the features as sources."""
    content = model_provenance(
        None, id_="v-1", targets=[{"reference": "RiskAssessment/r-1"}], name="sepsis", version="1.0", at=AT,
        recorded=AT, sources=[{"reference": "Observation/o-1"}, features("abc")],
    )  # fmt: skip
    assert validate(content) is None
    assert content["agent"][0]["who"]["identifier"]["value"] == "sepsis|1.0"
    assert [e["what"].get("reference") for e in content["entity"]] == ["Observation/o-1", None]


def film(**more: Any) -> ImagingFindingReported:  # noqa: ANN401 - fields of an event
    """What a model saw in a film."""
    content: dict[str, Any] = {
        "id": "i-1", "study": "1.2.3", "instance": "1.2.3.4", "model": "chest-pneumonia", "version": "1.0",
        "as_of": AT, "outcome": "finding", "label": "pneumonia", "probability": 0.91, "threshold": 0.5, "source": "s-1",
        "classes": [{"name": "pneumonia", "probability": 0.91}, {"name": "normal", "probability": 0.09}],
    }  # fmt: skip
    return ImagingFindingReported.model_validate(WHO | content | more)


def study(**more: Any) -> ImagingStudyReported:  # noqa: ANN401 - fields of an event
    """The report of a study of that film."""
    one = film(**more)
    kept = one.model_dump(include={"study", "model", "version", "as_of", "outcome", "label", "probability", "reason"})
    seen = SeenInstance(
        instance="1.2.3.1.1", series="1.2.3.1", sop_class="1.2.840.10008.5.1.4.1.1.1", modality="CR", finding="i-1",
        model="chest-pneumonia", version="1.0", outcome=one.outcome,
    )  # fmt: skip
    other = seen.model_copy(update={"series": "1.2.3.2", "instance": "1.2.3.2.1"})
    return ImagingStudyReported(id="s-1", **WHO, **kept, shown=seen.instance, instances=(other, seen, seen))


def reported(event: ImagingStudyReported, found: Resource | None = None) -> Resource:
    """Its resource."""
    held, results = {"reference": "ImagingStudy/s-1"}, [{"reference": "Observation/o-1"}]
    return diagnostic_report(found, event, id_="d-1", patient=PATIENT, study=held, results=results)


@pytest.mark.parametrize(
    ("more", "words", "value"),
    [
        ({}, "pneumonia, probability 0.91", "valueCodeableConcept"),
        ({"outcome": "no finding", "label": "normal", "classes": ()}, "no finding: normal", "valueCodeableConcept"),
        ({"outcome": "refer", "reason": "not sure"}, "refer: not sure", "dataAbsentReason"),
        (
            {"outcome": "cannot assess", "reason": "lateral", "probability": None},
            "cannot assess: lateral",
            "dataAbsentReason",
        ),
    ],
)
def test_a_film_that_nobody_has_read(more: dict[str, Any], words: str, value: str) -> None:
    """Preliminary, by its study's UID, with outcome, label and probability, or the reason why not."""
    event = film(**more)
    seen = finding(None, event, id_="o-1", patient=PATIENT)
    report = reported(study(**more))
    assert (validate(seen), validate(report)) == (None, None)
    assert (seen["status"], report["status"]) == ("preliminary", "preliminary")
    assert words in report["conclusion"]
    assert seen["derivedFrom"][0]["identifier"] == {"system": "urn:dicom:uid", "value": "urn:oid:1.2.3"}
    assert ("valueCodeableConcept" in seen, "dataAbsentReason" in seen) == (value[0] == "v", value[0] == "d")


def test_a_physicians_word_stands() -> None:
    """What was made final there is the hospital's."""
    final = reported(study()) | {"status": "final"}
    again = study(as_of=AT + timedelta(hours=1), outcome="no finding", label="normal")
    assert reported(again, final) == final


def test_audit_event() -> None:
    """Who wrote what for which event of ours, and that something was refused."""
    targets = [{"reference": "Flag/a"}]
    content = audit_event("e-1", site="main", cause="c", said="AlertRaised", targets=targets, refused=1, at=AT)
    assert validate(content) is None
    assert (content["outcome"], content["entity"][0]["what"]) == ("4", {"reference": "Flag/a"})


def test_imaging_study_lists_series_and_instances() -> None:
    """Instances by series, each once."""
    content = imaging_study(None, study(), id_="s-1", patient=PATIENT)
    assert validate(content) is None
    assert (content["numberOfSeries"], content["numberOfInstances"]) == (2, 2)
    assert [one["uid"] for one in content["series"]] == ["1.2.3.1", "1.2.3.2"]
