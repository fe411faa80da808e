"""What a PACS is sent: a Structured Report that a validator accepts, and the film with its heat."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from highdicom.sr import ComprehensiveSR
from PIL import Image
from pydicom import Dataset

from schemas.events import ImagingStudyReported
from services.imaging.stage import StudyStage
from services.outlets.pacs.naming import Whose, whose
from services.outlets.pacs.overlay import picture, secondary_capture
from services.outlets.pacs.sending import encoded
from services.outlets.pacs.structured_report import structured_report, words
from services.runtime.ports import Person
from tests.services.imaging.studies import QUIET, T0, after, finding, report_of
from tests.services.outlets.pacs import validated
from tests.services.outlets.pacs.given import Register, pictures

REFUSED = {"outcome": "cannot assess", "probability": None, "label": None, "box": None, "reason": "a lateral view"}


def compared() -> ImagingStudyReported:
    """A report with a prior."""
    later = T0 + timedelta(days=1)
    _, said = after(
        StudyStage(QUIET), finding(probability=0.2), T0 + QUIET, finding(study="1.9", at=later), later + QUIET
    )
    report = said[-1]
    assert isinstance(report, ImagingStudyReported)
    return report


def child() -> Whose:
    """The patient as the PACS knows them."""
    found = whose(report_of(finding()), Register().child)
    assert found is not None
    return found


def heat_of(report: ImagingStudyReported) -> Dataset:
    """The overlay of the made-up film."""
    store = pictures()
    return secondary_capture(
        store.get("reports/main/x/film.png"), store.get("reports/main/x/heatmap.png"), report, child()
    )


REPORTS = {
    "box": report_of(finding(), finding(2)), "no box": report_of(finding(box=None)),
    "frames": report_of(finding(frames=3, sop_class="1.2.840.10008.5.1.4.1.1.2.1", modality="CT")),
    "refused": report_of(finding(**REFUSED)), "referred": report_of(finding(outcome="refer", reason="in the band")),
    "prior": compared(), "another label": report_of(finding(label="glioma", model="brain-mri", modality="MR")),
}  # fmt: skip


@pytest.mark.skipif(validated.PROGRAM is None, reason=validated.WHY_NOT)
@pytest.mark.parametrize("name", REPORTS)
def test_a_validator_accepts_the_report(name: str, tmp_path: Path):
    """Dciodvfy finds no error in the SR of each kind of report."""
    assert validated.errors(encoded(structured_report(REPORTS[name], child())), tmp_path) == []


@pytest.mark.skipif(validated.PROGRAM is None, reason=validated.WHY_NOT)
def test_a_validator_accepts_the_overlay(tmp_path: Path):
    """Dciodvfy finds no error in the Secondary Capture."""
    assert validated.errors(encoded(heat_of(REPORTS["box"])), tmp_path) == []


def test_the_report_says_what_was_seen_where_and_by_whom():
    """TID 1500: the probability in percent, the algorithm, the box in the image's pixels, the image it lies in."""
    made = structured_report(REPORTS["box"], child())
    assert (made.VerificationFlag, made.CompletionFlag, made.PreliminaryFlag) == (
        "UNVERIFIED",
        "PARTIAL",
        "PRELIMINARY",
    )
    assert (made.PatientID, made.StudyInstanceUID, made.Modality) == ("4711", "1.2.3", "SR")
    content = ComprehensiveSR.from_dataset(made).content
    (group,) = content.get_planar_roi_measurement_groups()
    (measured,) = group.get_measurements()
    assert (measured.name.meaning, measured.value, measured.unit.value) == ("Probability", 90.0, "%")
    assert group.finding_type.meaning == "Pneumonia"
    assert group.roi.value[:3].tolist() == [[400, 1000], [800, 1000], [800, 1500]]
    text = str(made)
    assert "chest-pneumonia" in text
    named = [i.ReferencedSOPInstanceUID for r in made.CurrentRequestedProcedureEvidenceSequence
             for s in r.ReferencedSeriesSequence for i in s.ReferencedSOPSequence]  # fmt: skip
    assert sorted(named) == ["1.2.3.1.1", "1.2.3.1.2"]


def test_a_repeat_is_the_same_object_to_the_byte():
    """SR and overlay of one report are equal however often they are made."""
    report, who = REPORTS["box"], child()
    assert encoded(structured_report(report, who)) == encoded(structured_report(report, who))
    assert encoded(heat_of(report)) == encoded(heat_of(report))


def test_the_overlay_has_the_film_s_own_shape_and_its_heat():
    """A film of 1600 × 2000 is shown so, with red where the evidence lies and grey where none does."""
    store = pictures()
    shown = picture(store.get("reports/main/x/film.png"), store.get("reports/main/x/heatmap.png"), REPORTS["no box"])
    assert shown.size == (614, 768)
    values = np.asarray(shown, dtype=int)
    hot, cold = values[430:440, 260:270], values[700:, 560:]
    assert (hot[..., 0] - hot[..., 2]).mean() > 50
    assert abs(cold[..., 0] - cold[..., 2]).max() < 3
    assert Image.fromarray(np.asarray(heat_of(REPORTS["no box"]).pixel_array)).mode == "RGB"


def test_the_words_tell_the_outcome_and_the_change():
    """A line for a person: preliminary, the model, what changed since the prior."""
    assert "a lateral view" in words(REPORTS["refused"])
    assert "higher than on 2026-03-01" in words(REPORTS["prior"])
    assert "not read by a physician" in words(REPORTS["box"])


def test_somebody_without_a_record_number_is_nobody_to_a_pacs():
    """Then there is nothing to send."""
    assert whose(REPORTS["box"], Person("key", "main")) is None
