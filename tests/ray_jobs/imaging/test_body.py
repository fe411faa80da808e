"""What is not the patient is black before a CT network sees it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ray_jobs.imaging.body import body, body_only
from ray_jobs.imaging.reading import OnnxRuntime
from ray_jobs.registry import load_model


def phantom(air: int = 40, *, table: bool = True) -> np.ndarray:
    """A bright ring of tissue with two dark lungs and a nodule in one, above a table."""
    down, across = np.mgrid[:224, :224]
    slice_ = np.full((224, 224), air, dtype=np.uint8)
    slice_[((down - 105) / 70) ** 2 + ((across - 112) / 95) ** 2 <= 1] = 170
    for middle in (75, 149):
        slice_[((down - 105) / 45) ** 2 + ((across - middle) / 28) ** 2 <= 1] = 30
    slice_[100:108, 70:78] = 160
    if table:
        slice_[190:194, 20:204] = 230
    return slice_


def test_lungs_are_inside_and_the_table_is_not():
    """The holes of the body belong to it, a table below does not."""
    inside = body(phantom())
    assert inside[105, 75]
    assert inside[104, 74]
    assert not inside[192, 112]
    assert not inside[5, 5]


@given(st.integers(0, 60))
def test_the_air_around_the_patient_tells_nothing(air: int):
    """Whatever dark grey the air is, table or none: the network sees the same picture but for a rim of skin."""
    plain, other = body_only(np.stack([phantom(0, table=False), phantom(air)]))
    assert (np.abs(plain.astype(int) - other) > 8).mean() < 0.02
    assert (other[:20] == 0).all()
    assert (other[190:194] == 0).all()


def test_another_window_shows_the_same():
    """A slice of half the contrast gives the same picture within the steps that were lost."""
    slice_ = phantom()
    both = body_only(np.stack([slice_, slice_ // 2 + 60])).astype(int)
    assert (np.abs(both[0] - both[1]) > 4).mean() < 0.01


def test_a_picture_without_a_body_is_left_alone():
    """Noise, blank and a single line stay what they are: refusing them is the doubt's work."""
    noise = np.random.default_rng(0).integers(0, 256, (224, 224), dtype=np.uint8)
    line = np.zeros((224, 224), dtype=np.uint8)
    line[100:104] = 255
    pictures = np.stack([noise, np.zeros_like(noise), line])
    assert (body_only(pictures) == pictures).all()
    assert body_only(pictures[:0]).shape == (0, 224, 224)


def test_doubt_sees_the_picture_as_it_came_and_heat_stays_inside():
    """A model that sees the body alone shows no heat beside it, and doubts by the whole picture."""
    runtime = OnnxRuntime(load_model("lung-ct"))
    pictures = np.stack([phantom(), phantom(60)])
    found = runtime.read(pictures)
    assert found.heatmap.shape == (2, 7, 7)
    assert (found.heatmap[:, 0] == 0).all()
    assert np.abs(found.probability[0] - found.probability[1]).max() < 0.05
    assert found.ood[0] != found.ood[1]
