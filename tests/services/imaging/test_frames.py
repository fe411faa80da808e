"""Multi-frame objects: every frame is looked at, the most telling one speaks, and what was left out is told."""

import io

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset, Sequence

from ray_jobs.imaging.selection import BRAIN_MODEL, LUNG_MODEL, Shown, unsuitable
from services.imaging import frames
from services.imaging.job import ImagingJob
from services.outlets.pacs.structured_report import structured_report
from services.runtime.fakes import FakeInference, FakeObjectStore
from services.runtime.modes import Modes
from services.runtime.ports import Tensors
from tests.ray_jobs.imaging.dicoms import small
from tests.services.imaging.studies import report_of
from tests.services.imaging.test_job import reported, stored
from tests.services.outlets.pacs.test_objects import child

SIDE = 140
COLUMNS = np.tile(np.arange(SIDE), (SIDE, 1))


def scan(levels: list[float], **attributes: object) -> Dataset:
    """A CT of frames of which the left share is white: 0 is blank."""
    made = small(np.zeros((SIDE, SIDE), dtype=np.uint8), NumberOfFrames=len(levels), Modality="CT", PatientAge="060Y")
    made.PixelData = b"".join(((level * SIDE > COLUMNS) * 200).astype(np.uint8).tobytes() for level in levels)
    for name, value in attributes.items():
        setattr(made, name, value)
    return made


def bright_is_ill(seen: list[int], doubt_over: float = 2.0) -> FakeInference:
    """Malignant is as likely as the frame is white; what is whiter than `doubt_over` is unlike all else."""

    def answer(model: str, tensors: Tensors) -> Tensors:
        assert model == LUNG_MODEL
        pixels = tensors["pixels"]
        seen.append(len(pixels))
        ill = pixels.reshape(len(pixels), -1).mean(axis=1) / 255
        return {
            "probability": np.stack([1 - ill, ill * 0, ill], axis=1).astype(np.float32),
            "heatmap": np.zeros((len(pixels), 7, 7), dtype=np.float32) + ill[:, None, None].astype(np.float32),
            "ood": np.where(ill > doubt_over, 1.5, 0.5).astype(np.float32),
        }

    return FakeInference(answer)


def job(inference: FakeInference) -> ImagingJob:
    """On fakes."""
    return ImagingJob(inference, FakeObjectStore(), Modes.parse("{}"))


def test_the_most_telling_frame_speaks_for_the_object():
    """Its number, its picture and its heat; how many there were."""
    on = job(bright_is_ill([]))
    found = reported(on, stored(on, scan([0.2, 0.9, 0.4])))
    assert (found.outcome, found.frames, found.frame) == ("finding", 3, 2)
    assert "frame 2 of 3 speaks" in (found.reason or "")
    assert found.picture
    shown = np.asarray(Image.open(io.BytesIO(on.objects.get(found.picture))))
    assert shown.mean() == pytest.approx(255 * 0.9, rel=0.05)
    assert on(stored(on, scan([0.2, 0.9, 0.4]))) == on(stored(on, scan([0.2, 0.9, 0.4])))


def test_a_frame_that_cannot_be_assessed_speaks_only_for_nobody_else():
    """The brightest is unlike all the model knows: the next one speaks; where all are, nobody."""
    on = job(bright_is_ill([], doubt_over=0.8))
    assert reported(on, stored(on, scan([0.1, 0.95, 0.15]))).frame != 2
    alone = reported(on, stored(on, scan([0.95, 0.95])))
    assert (alone.outcome, alone.probability, alone.heatmap) == ("cannot assess", None, None)


def test_blank_frames_are_left_out_and_told():
    """An empty end of a scan is no reason to refuse it; an empty scan is."""
    on = job(bright_is_ill([]))
    found = reported(on, stored(on, scan([0, 0.1, 0])))
    assert found.frame == 2
    assert "2 frames show nothing" in (found.reason or "")
    assert found.outcome == "no finding"
    broken = scan([0.1, 0.1, 0.1])
    broken.PixelData = broken.PixelData[: 2 * SIDE * SIDE]
    assert reported(on, stored(on, broken)).outcome in {"refer", "cannot assess"}
    empty = reported(on, stored(on, scan([0, 0])))
    assert (empty.outcome, empty.reason) == ("cannot assess", "cannot assess: the picture is blank")


def test_of_too_many_a_sample_is_read_and_no_finding_is_left_to_a_person(monkeypatch: pytest.MonkeyPatch):
    """Spread from end to end, a few at a time."""
    monkeypatch.setattr(frames.spoken, "__kwdefaults__", {"most": 40})
    asked: list[int] = []
    on = job(bright_is_ill(asked))
    found = reported(on, stored(on, scan([0.1] * 100)))
    assert found.outcome == "refer"
    assert "40 of 100 frames were looked at" in (found.reason or "")
    assert asked == [16, 16, 8]


def test_a_report_names_the_frame_it_speaks_of():
    """In the SR's reference to the image (PS3.3 C.17.5)."""
    on = job(bright_is_ill([]))
    report = report_of(reported(on, stored(on, scan([0.2, 0.9, 0.4]))))
    assert (report.frames, report.frame) == (3, 2)
    numbers = [
        item.value for item in structured_report(report, child()).iterall() if item.keyword == "ReferencedFrameNumber"
    ]
    assert set(numbers) == {2}


def test_an_enhanced_object_tells_plane_and_echo_by_its_frames():
    """Shared by all of them, or the first one's (PS3.3 C.7.6.16)."""
    shared, frame, plane, echo = Dataset(), Dataset(), Dataset(), Dataset()
    plane.ImageOrientationPatient, echo.EffectiveEchoTime = [1, 0, 0, 0, 0, -1], 90.0
    shared.PlaneOrientationSequence, frame.MREchoSequence = Sequence([plane]), Sequence([echo])
    made = scan([0.2, 0.4])
    made.SharedFunctionalGroupsSequence, made.PerFrameFunctionalGroupsSequence = Sequence([shared]), Sequence([frame])
    told = Shown.of(made)
    assert (told.plane, told.echo_ms) == ("coronal", 90.0)
    assert "coronal" in unsuitable(told, model=LUNG_MODEL)
    made.Modality, made.BodyPartExamined = "MR", "BRAIN"
    assert "echo time" in unsuitable(Shown.of(made), model=BRAIN_MODEL)
