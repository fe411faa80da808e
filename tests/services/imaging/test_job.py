"""The imaging job: one stored object, one report, on fake ports."""

import hashlib
import io
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset

from ray_jobs.registry import load_card
from schemas.dicom.image import read_image_header
from schemas.events import ImagingFindingReported, ImagingInstanceStored, ImagingStudyCompleted
from services.gateway.dicom_anonymous import anonymous, encoded
from services.imaging.job import ImagingJob
from services.runtime.errors import BadInputError, InferenceUnavailable
from services.runtime.fakes import FakeInference, FakeObjectStore
from services.runtime.modes import Modes
from services.runtime.ports import Tensors
from tests.ray_jobs.imaging.dicoms import as_bytes, rg1, small
from tests.services.gateway.test_dicom_store import Door

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FILM = np.add.outer(np.arange(300), np.arange(300)).astype(np.uint16)
CARD = load_card("chest-pneumonia")


def answering(ill: float, ood: float = 0.5, name: str = "chest-pneumonia") -> FakeInference:
    """A model that says the same of every film, when it is the one that is asked."""

    def answer(model: str, tensors: Tensors) -> Tensors:
        assert model == name
        assert tensors["pixels"].shape == (1, 224, 224)
        heat = np.zeros((1, 7, 7), dtype=np.float32)
        heat[0, 5, 2] = 16
        return {
            "probability": np.array([[1 - ill, ill * 0.75, ill * 0.25]], dtype=np.float32),
            "heatmap": heat,
            "ood": np.array([ood], dtype=np.float32),
        }

    return FakeInference(answer)


def job(inference: FakeInference, modes: str = '{"chest-pneumonia": {"*": "live"}}') -> ImagingJob:
    """A job on fakes."""
    return ImagingJob(inference, FakeObjectStore(), Modes.parse(modes))


def stored(on: ImagingJob, dataset: Dataset) -> ImagingInstanceStored:
    """The event that the gateway writes for the object, the object in the job's store."""
    header, content = read_image_header(dataset), encoded(anonymous(dataset))
    on.objects.put("imaging/main/x.dcm", content)
    return ImagingInstanceStored(
        id="image-1", site="main", patient="patient-key", known=NOW, study=header.study, series=header.series,
        instance=header.instance, sop_class=header.sop_class, transfer_syntax="1.2.840.10008.1.2.1",
        modality=header.modality, body_part=header.body_part, view=header.view, kinds=header.kinds,
        rows=header.rows, columns=header.columns, frames=header.frames, taken=header.taken, age_years=header.age_years,
        object="imaging/main/x.dcm", sha256=hashlib.sha256(content).hexdigest(),
    )  # fmt: skip


def reported(on: ImagingJob, event: ImagingInstanceStored) -> ImagingFindingReported:
    """The one report."""
    (found,) = on(event)
    assert isinstance(found, ImagingFindingReported)
    return found


def test_a_clear_film_of_a_child_is_a_finding():
    """Label, probability, classes, film and heatmap stand in the report."""
    on = job(answering(1.0))
    found = reported(on, stored(on, small(FILM)))
    assert (found.outcome, found.label, found.mode, found.version) == ("finding", "pneumonia", "live", CARD.version)
    assert found.probability == pytest.approx(1.0)
    assert {c.name: round(c.probability, 2) for c in found.classes} == {"normal": 0, "bacteria": 0.75, "virus": 0.25}
    assert found.picture
    assert Image.open(io.BytesIO(on.objects.get(found.picture))).size == (224, 224)
    assert found.heatmap
    heat = np.asarray(Image.open(io.BytesIO(on.objects.get(found.heatmap))))
    assert heat.shape == (112, 112, 4)
    assert heat[88, 40, 3] > 100
    assert heat[10, 100, 3] < 10


def test_a_healthy_film_is_no_finding_and_a_doubtful_one_is_referred():
    """Below the band: no finding; inside it: a person must look, and the reason says so."""
    on = job(answering(0.0))
    assert reported(on, stored(on, small(FILM))).outcome == "no finding"
    middle = (float(CARD.extra["refer_low"]) + float(CARD.extra["refer_high"])) / 2
    on = job(answering(middle))
    found = reported(on, stored(on, small(FILM)))
    assert found.outcome == "refer"
    assert "person" in (found.reason or "")


def test_an_adult_cannot_be_assessed_and_is_not_asked_about():
    """RG1 is an adult: the report says so, shows the film, and no model was asked."""
    inference = answering(1.0)
    on = job(inference)
    found = reported(on, stored(on, rg1()))
    assert found.outcome == "cannot assess"
    assert "adult" in (found.reason or "")
    assert found.probability is None
    assert found.picture
    assert inference.calls == 0


@pytest.mark.parametrize(
    ("attributes", "word"),
    [
        ({"Modality": "US"}, "modality US"),
        ({"BodyPartExamined": "KNEE"}, "knee"),
        ({"ViewPosition": "LL"}, "lateral"),
        ({"PatientAge": ""}, "age unknown"),
        ({"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3}, "colour"),
    ],
)
def test_unsuitable_objects_say_why(attributes: dict[str, object], word: str):
    """Another modality, body part or view, an unknown age, a colour picture: cannot assess, and why."""
    on = job(answering(1.0))
    found = reported(on, stored(on, small(FILM, **attributes)))
    assert found.outcome == "cannot assess"
    assert word in (found.reason or "")


def test_each_modality_is_read_by_its_own_model():
    """A slice of an adult's chest by CT is asked about lungs, and reported silently: nobody put that model live."""
    on = job(answering(1.0, name="lung-ct"))
    found = reported(on, stored(on, small(FILM, Modality="CT", PatientAge="060Y")))
    assert (found.model, found.mode, found.outcome) == ("lung-ct", "silent", "no finding")
    assert [c.name for c in found.classes] == ["normal", "benign", "malignant"]
    assert found.probability == pytest.approx(0.25), "of malignant alone: benign is no finding"
    found = reported(on, stored(on, small(FILM, Modality="MR", PatientAge="060Y", BodyPartExamined="CHEST")))
    assert (found.model, found.outcome) == ("brain-mri", "cannot assess")


def test_a_film_unlike_the_training_films_cannot_be_assessed():
    """Doubt above its limit takes the numbers out of the report."""
    on = job(answering(1.0, ood=1.5))
    found = reported(on, stored(on, small(FILM)))
    assert (found.outcome, found.probability, found.classes, found.heatmap) == ("cannot assess", None, (), None)


def test_a_repeat_is_the_same_report():
    """After a crash the job gives the same event, to the byte."""
    on = job(answering(0.9))
    event = stored(on, small(FILM))
    assert on(event) == on(event)


def test_off_means_nothing_and_unnamed_means_silent():
    """Where the model is off nothing is reported; a model that nobody named reports silently."""
    on = job(answering(0.9), '{"chest-pneumonia": {"*": "off"}}')
    assert on(stored(on, small(FILM))) == ()
    on = job(answering(0.9), "{}")
    assert reported(on, stored(on, small(FILM))).mode == "silent"


def test_the_object_must_be_the_one_that_was_stored():
    """Another content under the name, or none, is bad input; a model that is down is not."""
    on = job(answering(0.9))
    event = stored(on, small(FILM))
    on.objects.put(event.object, b"something else")
    with pytest.raises(BadInputError):
        on(event)
    on.objects.delete(event.object)
    with pytest.raises(BadInputError):
        on(event)
    down = answering(0.9)
    down.down = True
    on = job(down)
    with pytest.raises(InferenceUnavailable):
        on(stored(on, small(FILM)))


def test_other_events_are_none_of_its_business():
    """The end of a study gives no report."""
    on = job(answering(0.9))
    assert on(ImagingStudyCompleted(id="x", site="main", patient="patient-key", known=NOW, study="1.2")) == ()


def test_what_the_door_stores_the_job_can_read():
    """An object through the gateway's door ends as a report about the same person."""
    door = Door()
    key = door.register()
    door.door.accept(as_bytes(small(FILM)), "MODALITY")
    (event,) = door.events("imaging")
    (found,) = ImagingJob(answering(1.0), door.objects, Modes.parse("{}"))(event)
    assert isinstance(found, ImagingFindingReported)
    assert (found.patient, found.outcome) == (key, "finding")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"SeriesDescription": "AX T2 FSE MILLER"}, "described as t2"),
        ({"EchoTime": "96"}, "echo time 96.0 ms"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "described as localizer"),
    ],
)
def test_a_series_that_the_model_was_not_made_from_is_refused(said: dict[str, object], why: str):
    """What the header said before names were taken out of it still decides, and no model is asked."""
    on = job(answering(1.0), '{"brain-mri": {"*": "live"}}')
    dataset = small(FILM)
    dataset.Modality, dataset.BodyPartExamined = "MR", "BRAIN"
    for keyword, value in said.items():
        setattr(dataset, keyword, value)
    event = stored(on, dataset)
    found = reported(on, event)
    assert found.outcome == "cannot assess"
    assert why in str(found.reason)
    assert "MILLER" not in event.model_dump_json() + found.model_dump_json()
    assert b"MILLER" not in on.objects.get(event.object)
