"""What is read of an image object's header."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.dicom.image import HeaderError, age_at, read_image_header

WHOLE: dict[str, object] = {
    "StudyInstanceUID": "1.2.3",
    "SeriesInstanceUID": "1.2.3.1",
    "SOPInstanceUID": "1.2.3.1.1",
    "SOPClassUID": "1.2.840.10008.5.1.4.1.1.1",
    "Modality": "CR",
    "BodyPartExamined": "CHEST",
    "ViewPosition": "AP",
    "Rows": 1955,
    "Columns": 1841,
    "PatientID": "A-17",
    "PatientBirthDate": "20200102",
    "StudyDate": "20240102",
    "StudyTime": "101500.123",
    "TimezoneOffsetFromUTC": "+0200",
}


def test_a_whole_header_is_read():
    """Instants are UTC, the age is that on the day of the picture."""
    header = read_image_header(WHOLE)
    assert (header.modality, header.rows, header.columns, header.frames) == ("CR", 1955, 1841, 1)
    assert header.taken == datetime(2024, 1, 2, 8, 15, tzinfo=UTC)
    assert header.age_years == pytest.approx(4.0, abs=0.01)


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SOPInstanceUID", "Modality", "Rows", "PatientID"])
def test_what_is_missing_is_named(keyword: str):
    """The error says which attribute is missing."""
    with pytest.raises(HeaderError, match=keyword) as error:
        read_image_header({k: v for k, v in WHOLE.items() if k != keyword})
    assert error.value.path == keyword


def test_an_error_does_not_repeat_the_value():
    """A value that is wrong may name a person, so the text leaves it out."""
    with pytest.raises(HeaderError) as error:
        read_image_header(WHOLE | {"StudyInstanceUID": "MILLER^JANE"})
    assert "MILLER" not in str(error.value)


@pytest.mark.parametrize(("text", "years"), [("003Y", 3.0), ("018M", 1.5), ("010W", 70 / 365.2425), ("XYZ", None)])
def test_age_strings(text: str, years: float | None):
    """AS counts days, weeks, months or years; nonsense is no age."""
    header = read_image_header({k: v for k, v in WHOLE.items() if k != "PatientBirthDate"} | {"PatientAge": text})
    assert header.age_years == (None if years is None else pytest.approx(years))


def test_a_universal_issuer_is_a_uri():
    """An assigning authority with an OID is named as FHIR names it."""
    item = {"UniversalEntityID": "1.2.36.146", "UniversalEntityIDType": "ISO"}
    assert read_image_header(WHOLE | {"IssuerOfPatientIDQualifiersSequence": [item]}).issuer == "urn:oid:1.2.36.146"


@given(st.dictionaries(st.sampled_from(sorted(WHOLE)), st.one_of(st.text(max_size=80), st.integers(), st.binary())))
def test_garbage_is_a_header_or_a_header_error(garbage: dict[str, object]):
    """Whatever stands in the attributes, the answer is a header or a readable error."""
    try:
        header = read_image_header(WHOLE | garbage)
    except HeaderError:
        return
    assert header.study


@given(st.dates(date(1900, 1, 1), date(2040, 1, 1)), st.integers(0, 40_000))
def test_age_grows_with_time(born: date, days: int):
    """A day later nobody is younger."""
    when = datetime.combine(born, datetime.min.time(), UTC) + timedelta(days=days)
    age, later = age_at(born, when), age_at(born, when + timedelta(days=1))
    assert age is not None
    assert later is not None
    assert 0 <= age <= later
