"""Attribute matching as PS3.4 C.2.2.2 has it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset

from services.outlets.worklist.matching import matches, returned, unknown


def of(**values: object) -> Dataset:
    """A dataset with these attributes."""
    found = Dataset()
    for keyword, value in values.items():
        setattr(found, keyword, value)
    return found


HELD = of(
    PatientName="Small^Sam", PatientID="4711", ProcedureStepState="SCHEDULED", StudyInstanceUID="1.2.3",
    ScheduledProcedureStepStartDateTime="20260301120000", PatientBirthDate="20200102",
    ScheduledWorkitemCodeSequence=[of(CodeValue="110005", CodingSchemeDesignator="DCM")],
    ReferencedRequestSequence=[],
)  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (of(PatientName=""), True),
        (of(PatientName="small^sam"), True),
        (of(PatientName="SM*"), True),
        (of(PatientName="S?all*"), True),
        (of(PatientName="Tall*"), False),
        (of(PatientName="[Small]^Sam"), False),
        (of(PatientID="471"), False),
        (of(PatientID="47*"), True),
        (of(StudyInstanceUID=["1.2.4", "1.2.3"]), True),
        (of(StudyInstanceUID="1.2.4"), False),
        (of(ProcedureStepState="COMPLETED"), False),
        (of(ScheduledProcedureStepStartDateTime="20260301"), True),
        (of(ScheduledProcedureStepStartDateTime="20260301-"), True),
        (of(ScheduledProcedureStepStartDateTime="20260301130000-"), False),
        (of(ScheduledProcedureStepStartDateTime="-20260301"), True),
        (of(ScheduledProcedureStepStartDateTime="20260228-20260302"), True),
        (of(ScheduledProcedureStepStartDateTime="20260302-20260303"), False),
        (of(ScheduledProcedureStepStartDateTime="20260301110000.5+0000-20260301130000+0000"), True),
        (of(PatientBirthDate="20190101-20201231"), True),
        (of(ScheduledWorkitemCodeSequence=[of(CodeValue="110005")]), True),
        (of(ScheduledWorkitemCodeSequence=[of(CodeValue="110004")]), False),
        (of(ScheduledWorkitemCodeSequence=[]), True),
        (of(ReferencedRequestSequence=[of(AccessionNumber="7")]), False),
        (of(ReferencedRequestSequence=[of(AccessionNumber="")]), True),
        (of(AccessionNumber="7"), False),
        (of(AccessionNumber=""), True),
        (of(SpecificCharacterSet="ISO_IR 100", TimezoneOffsetFromUTC="+0100"), True),
        (of(PatientName="Small*", ProcedureStepState="COMPLETED"), False),
    ],
)
def test_keys_match_as_the_standard_says(keys: Dataset, expected: bool) -> None:
    """Empty keys match all; text with * and ?; one of several UIDs; from, until; an item of a sequence; all at once."""
    assert matches(keys, HELD) is expected


def test_only_what_was_asked_for_comes_back() -> None:
    """Keys that we have come back with our value, items of sequences likewise; others do not come back and are told."""
    keys = of(PatientName="S*", AccessionNumber="", ScheduledWorkitemCodeSequence=[of(CodeValue="")])
    found = returned(keys, HELD)
    assert [element.keyword for element in found] == ["PatientName", "ScheduledWorkitemCodeSequence"]
    assert [element.keyword for element in found.ScheduledWorkitemCodeSequence[0]] == ["CodeValue"]
    whole = returned(of(ScheduledWorkitemCodeSequence=[]), HELD)
    assert len(whole.ScheduledWorkitemCodeSequence[0]) == 2
    assert unknown(keys, HELD)
    assert not unknown(of(PatientName="", SpecificCharacterSet="ISO_IR 192"), HELD)


@given(st.text(max_size=20))
def test_any_text_is_a_key(text: str) -> None:
    """Whatever is asked for, the answer is yes or no."""
    assert matches(of(PatientName=text), HELD) in {True, False}
    assert matches(of(PatientComments=text), HELD) in {True, False}
