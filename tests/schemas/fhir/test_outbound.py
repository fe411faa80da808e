"""Events → FHIR resources, valid for the full library."""

from datetime import UTC, datetime
from typing import Any

import orjson

from schemas.events import (
    AlertAcknowledged,
    AlertRaised,
    AlertResolved,
    Factor,
    ForecastExplained,
    ImagingFindingReported,
    ImagingInstanceStored,
    RiskForecasted,
)
from schemas.fhir.diagnostic_report import diagnostic_report
from schemas.fhir.flag import flag
from schemas.fhir.imaging_study import imaging_study
from schemas.fhir.library import validate
from schemas.fhir.risk_assessment import risk_assessment

AT = datetime(2026, 1, 2, 12, tzinfo=UTC)
WHO: dict[str, Any] = {"site": "main", "known": AT, "patient": "key-00000001"}
SUBJECT = "Patient/p-1"


def test_risk_assessment() -> None:
    """Probability to the digit, horizon, model and factors; a silent model's is preliminary."""
    event = RiskForecasted(
        id="f-1", **WHO, as_of=AT, model="sepsis", version="1.0", horizon_hours=6, probability=0.1234567, threshold=0.1,
        features="x", row=3,
    )  # fmt: skip
    factors = (Factor(feature="lactate", label="Lactate 4.1 mmol/L", value=4.1, contribution=0.8),)
    explained = ForecastExplained(
        id="x-1", **WHO, as_of=AT, model="sepsis", version="1.0", forecast="f-1", factors=factors
    )
    content = orjson.loads(risk_assessment(event, subject=SUBJECT, explained=explained).model_dump_json())
    assert validate(content) is None
    assert content["prediction"][0]["probabilityDecimal"] == 0.1234567
    assert (content["id"], content["status"]) == ("f-1", "preliminary")
    assert "Lactate" in content["note"][0]["text"]
    assert "key-00000001" not in str(content)


def test_a_forecast_to_the_end_of_the_stay_names_no_period() -> None:
    """Nobody knows when the stay will end."""
    event = RiskForecasted(
        id="f-2", **WHO, as_of=AT, model="deterioration", version="1.0", probability=0.2, threshold=0.3, features="x",
        row=3,
    )  # fmt: skip
    content = orjson.loads(risk_assessment(event, subject=SUBJECT).model_dump_json(exclude_none=True))
    assert validate(content) is None
    assert "whenRange" not in content["prediction"][0]


def test_flag_is_one_for_the_life_of_an_alert() -> None:
    """Raised and acknowledged are active, resolved is inactive, all under the alert's id."""
    about = WHO | {"alert": "a-1", "kind": "sepsis", "severity": "red", "at": AT, "summary": "sepsis risk 31 %"}
    raised = AlertRaised.model_validate(about | {"id": "1", "source": "f-1"})
    taken = AlertAcknowledged.model_validate(about | {"id": "2", "by": "nurse"})
    over = AlertResolved.model_validate(about | {"id": "3", "reason": "recovered"})
    flags = [orjson.loads(flag(e, subject=SUBJECT, raised=raised).model_dump_json()) for e in (raised, taken, over)]
    assert all(validate(content) is None for content in flags)
    assert {content["id"] for content in flags} == {"a-1"}
    assert [content["status"] for content in flags] == ["active", "active", "inactive"]
    assert set(flags[2]["period"]) == {"start", "end"}


def test_diagnostic_report_says_that_nobody_read_it() -> None:
    """Preliminary, with outcome, label and probability, or the reason why not."""
    found = ImagingFindingReported(
        id="i-1", **WHO, study="1.2.3", instance="1.2.3.4", model="chest-pneumonia", version="1.0", as_of=AT,
        outcome="finding", label="pneumonia", probability=0.91, threshold=0.5, source="s-1",
    )  # fmt: skip
    adult = found.model_copy(update={"outcome": "cannot assess", "reason": "adult", "probability": None})
    for event, words in ((found, "pneumonia, probability 0.91"), (adult, "cannot assess: adult")):
        content = orjson.loads(diagnostic_report(event, subject=SUBJECT).model_dump_json())
        assert validate(content) is None
        assert content["status"] == "preliminary"
        assert words in content["conclusion"]


def test_imaging_study_lists_series_and_instances() -> None:
    """Instances by series, each once; the same study always has the same id."""
    one = ImagingInstanceStored(
        id="s-1", **WHO, study="1.2.3", series="1.2.3.1", instance="1.2.3.1.1", sop_class="1.2.840.10008.5.1.4.1.1.1",
        transfer_syntax="1.2.840.10008.1.2", modality="CR", rows=10, columns=10, taken=AT, object="o", sha256="0" * 64,
    )  # fmt: skip
    two = one.model_copy(update={"series": "1.2.3.2", "instance": "1.2.3.2.1"})
    content = orjson.loads(imaging_study([two, one, one], subject=SUBJECT).model_dump_json())
    assert validate(content) is None
    assert (content["numberOfSeries"], content["numberOfInstances"]) == (2, 2)
    assert content["id"] == orjson.loads(imaging_study([one], subject=SUBJECT).model_dump_json())["id"]
