"""Slices and frames as one volume."""

import random
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, Sequence, dcmread

from ray_jobs.imaging.pixels import UnusableImageError
from ray_jobs.imaging.volume import order, sample, volume
from tests.ray_jobs.imaging.dicoms import real, small


def slice_at(depth: float, number: int = 0, **attributes: object) -> Dataset:
    """A slice whose values have a slope; the series is coronal, so that depth lies along y."""
    pixels = np.add.outer(np.arange(140), np.arange(140)).astype(np.uint16)
    placed = {"ImageOrientationPatient": [1, 0, 0, 0, 0, -1], "ImagePositionPatient": [3, depth, 7]}
    return small(pixels, InstanceNumber=number, Modality="MR", **(placed | attributes))


@given(st.lists(st.integers(-500, 500), min_size=2, max_size=12, unique=True), st.randoms())
def test_slices_lie_in_their_order_in_the_body(depths: list[int], chance: random.Random):
    """However they came and were numbered."""
    came = list(depths)
    chance.shuffle(came)
    found = order([slice_at(depth, chance.randrange(100)) for depth in came])
    assert [came[one.source] for one in found] == sorted(depths)


def test_without_places_the_number_decides():
    """A series that does not say where its slices lie is in the order of its instance numbers."""
    nowhere = {"ImagePositionPatient": None, "ImageOrientationPatient": None}
    assert [one.source for one in order([slice_at(0, n, **nowhere) for n in (3, 1, 2)])] == [1, 2, 0]


def test_frames_of_an_enhanced_object_are_slices():
    """Each frame at its own place, decoded by itself."""
    one = small(np.zeros((140, 140), dtype=np.uint8), NumberOfFrames=3)
    ramps = [np.tile(np.arange(140, dtype=np.uint8) + k, (140, 1)) for k in range(3)]
    one.PixelData = b"".join(ramp.tobytes() for ramp in ramps)
    plane, groups = Dataset(), []
    plane.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    for depth in (30, 10, 20):
        place, group = Dataset(), Dataset()
        place.ImagePositionPatient = [0, 0, depth]
        group.PlanePositionSequence, group.PlaneOrientationSequence = Sequence([place]), Sequence([plane])
        groups.append(group)
    one.PerFrameFunctionalGroupsSequence = Sequence(groups)
    found = volume([one])
    assert [kept.frame for kept in found.slices] == [1, 2, 0]
    assert found.pixels.shape == (3, 224, 224)


@given(st.integers(1, 20_000), st.integers(2, 600))
def test_a_sample_is_spread_from_end_to_end(count: int, most: int):
    """Never more than asked for; the first, the last, and no one twice."""
    chosen = sample(count, most)
    assert len(chosen) == len(set(chosen)) == min(count, most)
    assert (chosen[0], chosen[-1]) == (0, count - 1)


def test_ten_thousand_frames_are_sampled_within_bounds():
    """They are never decoded all, nor held at once."""
    one = small(np.zeros((130, 130), dtype=np.uint8), NumberOfFrames=10_000)
    one.PixelData = bytes(130 * 130) * 10_000
    tracemalloc.start()
    found = volume([one], most=5)
    assert tracemalloc.get_traced_memory()[1] < 60_000_000
    tracemalloc.stop()
    assert (len(found.slices), found.among) == (5, 10_000)


def test_a_broken_slice_is_told_and_the_others_stand():
    """One slice without pixels: the volume says so; all without: there is none."""
    broken = slice_at(5)
    del broken.PixelData
    found = volume([slice_at(0), broken, slice_at(9)])
    assert len(found.slices) == 2
    assert "1 of 3 slices" in found.problem
    with pytest.raises(UnusableImageError, match="no pixel data"):
        volume([broken])


def test_a_real_multi_frame_object_is_a_volume():
    """The enhanced MR of pydicom-data gives all its frames."""
    found = volume([dcmread(real("emri_small.dcm"))])
    assert len(found.slices) == found.among == 10
    assert found.pixels.std() > 5
