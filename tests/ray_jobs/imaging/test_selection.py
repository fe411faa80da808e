"""Which model may read which object, from what its header says."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ray_jobs.imaging.selection import BRAIN_MODEL, CHEST_MODEL, LUNG_MODEL, Shown, model_for, plane, unsuitable

AXIAL, CORONAL, SAGITTAL = (1, 0, 0, 0, 1, 0), (1, 0, 0, 0, 0, -1), (0, 1, 0, 0, 0, -1)


def test_each_modality_has_its_model():
    """CT goes to lung-ct, MR to brain-mri, plain films to chest-pneumonia, others to nobody."""
    assert [model_for(modality) for modality in ("CT", "MR", "DX", "CR", "US")] == [
        LUNG_MODEL,
        BRAIN_MODEL,
        CHEST_MODEL,
        CHEST_MODEL,
        None,
    ]


@pytest.mark.parametrize(
    ("shown", "model", "why"),
    [
        (Shown("US"), CHEST_MODEL, "no model reads modality US"),
        (Shown("CT"), BRAIN_MODEL, "does not read modality CT"),
        (Shown("CT", "ABDOMEN"), LUNG_MODEL, "shows abdomen"),
        (Shown("DX", "CHEST", "LL"), CHEST_MODEL, "lateral"),
        (Shown("CR", "CHEST", frames=64), CHEST_MODEL, "64 frames"),
        (Shown("MR", "BRAIN", kinds=("t2",)), BRAIN_MODEL, "described as t2"),
        (Shown("CT", "CHEST", kinds=("localizer",)), LUNG_MODEL, "described as localizer"),
        (Shown("CT", "CHEST", plane="coronal"), LUNG_MODEL, "the slice is coronal"),
        (Shown("CT", "CHEST", plane="oblique"), LUNG_MODEL, "the slice is oblique"),
        (Shown("MR", "HEAD", echo_ms=96.0), BRAIN_MODEL, "echo time 96.0 ms"),
    ],
)
def test_what_does_not_suit_is_named(shown: Shown, model: str, why: str):
    """The reason says what about the object the model was not made for."""
    said = unsuitable(shown, model=model)
    assert said.startswith("cannot assess: ")
    assert why in said


@pytest.mark.parametrize(
    ("shown", "model"),
    [
        (Shown("DX"), CHEST_MODEL),
        (Shown("CT", "CHEST", plane="axial"), LUNG_MODEL),
        (Shown("MR", "BRAIN", plane="sagittal", echo_ms=2.98), BRAIN_MODEL),
        (Shown("MR", kinds=("coronal",)), BRAIN_MODEL),
    ],
)
def test_what_is_not_said_refuses_nothing(shown: Shown, model: str):
    """A bare header, and everything the models were made from, passes."""
    assert unsuitable(shown, model=model) == ""


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [(AXIAL, "axial"), (CORONAL, "coronal"), (SAGITTAL, "sagittal"), ((1, 0, 0, 0, 0.6, 0.8), "oblique"), (None, "")],
)
def test_planes_are_named_by_the_axis_of_the_patient(orientation: object, expected: str):
    """Slices that follow one another towards the head are axial, the back coronal, the left side sagittal."""
    assert plane(orientation) == expected


@given(st.floats(-30, 30))
def test_a_tilted_gantry_is_axial_still(degrees: float):
    """A CT's gantry is tilted by up to 30 degrees."""
    tilt = math.radians(degrees)
    assert plane((1, 0, 0, 0, math.cos(tilt), math.sin(tilt))) == "axial"


@given(st.lists(st.one_of(st.floats(), st.text(max_size=3), st.none()), max_size=7))
def test_any_orientation_is_a_plane_or_none(orientation: list[object]):
    """What a header holds never stops the reading."""
    assert plane(orientation) in {"", "axial", "coronal", "sagittal", "oblique"}


def test_the_header_is_read_as_it_stands():
    """Numbers as text, as DICOM has them, and the kinds of its description; what is wrong counts as not said."""
    header = {
        "Modality": "MR", "BodyPartExamined": "BRAIN", "NumberOfFrames": "1", "EchoTime": "90.5",
        "SeriesDescription": "AX T2_FSE", "ImageOrientationPatient": ["1", "0", "0", "0", "1", "0"],
    }  # fmt: skip
    assert Shown.of(header) == Shown("MR", "BRAIN", kinds=("t2",), plane="axial", echo_ms=90.5)
    assert Shown.of({"Modality": "MR", "EchoTime": "long", "NumberOfFrames": ""}) == Shown("MR")
    told, itself = Shown("MR", "BRAIN", kinds=("t2",)), Shown("", kinds=("t2", "flair"), plane="axial", echo_ms=9.0)
    assert told.seen(itself) == Shown("MR", "BRAIN", kinds=("t2", "flair"), plane="axial", echo_ms=9.0)
