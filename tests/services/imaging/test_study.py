"""One report of a study: when, of what, and never twice."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events import ImagingStudyCompleted, ImagingStudyReported
from services.imaging.stage import StudyStage
from tests.services.imaging.studies import QUIET, T0, after, finding, report_of

SECOND = timedelta(seconds=1)


def test_a_study_is_reported_when_it_has_been_quiet():
    """Not a second before; then once completed and once reported, and both name every instance."""
    first, second = finding(1), finding(2, at=T0 + 30 * SECOND)
    _, said = after(StudyStage(QUIET), first, T0 + QUIET - SECOND, second, T0 + QUIET, T0 + 89 * SECOND)
    assert said == []
    _, said = after(StudyStage(QUIET), first, second, T0 + 90 * SECOND, T0 + 91 * SECOND, T0 + 900 * SECOND)
    completed, report = said
    assert isinstance(completed, ImagingStudyCompleted)
    assert isinstance(report, ImagingStudyReported)
    assert completed.instances == (first.id, second.id)
    assert [one.instance for one in report.instances] == [first.instance, second.instance]


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 200), st.booleans()), max_size=25))
def test_there_is_exactly_one_report_of_a_study(script: list[tuple[int, int, bool]]):
    """Whatever comes, repeats, and whenever it comes: at most one report; one when all is quiet."""
    at, facts = T0, list[object]()
    for number, seconds, ticks in script:
        at += timedelta(seconds=seconds)
        facts.append(at if ticks else finding(number, at=at))
    _, said = after(StudyStage(QUIET), *facts, at + QUIET)  # type: ignore[arg-type]
    reports = [event for event in said if isinstance(event, ImagingStudyReported)]
    assert len(reports) == any(not ticks for _, _, ticks in script)


def test_the_most_telling_instance_speaks():
    """A finding before a referral before health before a refusal; of two findings the likelier; live before silent."""
    refused = {
        "outcome": "cannot assess",
        "probability": None,
        "label": None,
        "reason": "lateral view",
    }
    assert report_of(finding(1, **refused), finding(2, outcome="no finding", probability=0.1)).outcome == "no finding"
    assert report_of(finding(1, probability=0.8), finding(2), finding(3, outcome="refer")).shown == "1.2.3.1.2"
    assert report_of(finding(1, mode="silent"), finding(2, **refused)).outcome == "cannot assess"
    only = report_of(finding(1, **refused))
    assert (only.outcome, only.reason, only.priority) == ("cannot assess", "lateral view", "routine")


def test_a_finding_is_urgent():
    """It goes up the worklist; nothing else does."""
    assert report_of(finding()).priority == "urgent"
    assert report_of(finding(outcome="refer")).priority == "routine"


@pytest.mark.parametrize(
    ("now", "word"), [(0.9, "no clear change"), (0.999, "higher"), (0.05, "lower")]
)  # fmt: skip
def test_the_earlier_study_is_compared_with(now: float, word: str):
    """The change since the patient's last study of the same model, in words; within its noise it is none."""
    old, new = finding(1, probability=0.88), finding(1, study="1.9", at=T0 + timedelta(days=2), probability=now)
    _, said = after(StudyStage(QUIET), old, T0 + QUIET, new, new.known + QUIET)
    first, _, second = (event for event in said[1:])
    assert isinstance(first, ImagingStudyReported)
    assert isinstance(second, ImagingStudyReported)
    assert first.prior is None
    assert second.prior is not None
    assert word in second.prior.words
    assert second.prior.study == "1.2.3"


def test_what_cannot_be_assessed_or_is_of_another_model_is_compared_with_nothing():
    """There is no prior then."""
    later = T0 + timedelta(days=1)
    for old in (finding(model="lung-ct"), finding(outcome="cannot assess", probability=None)):
        _, said = after(StudyStage(QUIET), old, T0 + QUIET, finding(study="1.9", at=later), later + QUIET)
        report = said[-1]
        assert isinstance(report, ImagingStudyReported)
        assert report.prior is None


def test_the_state_comes_back_from_its_bytes():
    """Equal states, equal bytes; other bytes are a ValueError."""
    stage = StudyStage(QUIET)
    state, _ = after(stage, finding(1), T0 + QUIET, finding(1, study="1.9", at=T0 + 2 * QUIET))
    assert stage.unpack(stage.pack(state)) == state
    assert stage.pack(stage.unpack(stage.pack(state))) == stage.pack(state)
    with pytest.raises(ValueError, match="studies"):
        stage.unpack(b'{"open": 3}')


def test_a_patient_is_forgotten_in_the_end():
    """Two years after the last report; not before."""
    stage = StudyStage(QUIET)
    state, _ = after(stage, finding(), T0 + QUIET)
    due = stage.due(state)
    assert due is not None
    assert due > T0 + timedelta(days=700)
    state, _ = after(stage, finding(), T0 + QUIET, due)
    assert stage.spent(state)
    assert stage.due(state) is None
