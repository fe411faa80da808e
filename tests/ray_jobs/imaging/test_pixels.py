"""From bytes to the film that a network reads."""

import io
import tracemalloc

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from pydicom import dcmread

from ray_jobs.imaging.pixels import SIDE, UnusableImageError, decode, film
from tests.ray_jobs.imaging.dicoms import as_bytes, real, rg1, small

FILMS = arrays(np.uint16, st.tuples(st.integers(130, 140), st.integers(130, 140)), elements=st.integers(0, 4095))


def png(pixels: npt.NDArray[np.generic]) -> bytes:
    """A grey PNG."""
    body = io.BytesIO()
    Image.fromarray(pixels).save(body, "PNG")
    return body.getvalue()


@given(FILMS)
def test_monochrome1_is_the_negative_of_monochrome2(pixels: npt.NDArray[np.uint16]):
    """The same stored values under the opposite photometric interpretation show the negative."""
    ramp = pixels + np.arange(pixels.shape[1], dtype=np.uint16) * 8
    bright, dark = film(small(ramp, "MONOCHROME2")).pixels, film(small(ramp, "MONOCHROME1")).pixels
    assert np.abs(bright.astype(int) - (255 - dark.astype(int))).max() <= 1


@given(st.integers(1, 16))
def test_a_film_does_not_depend_on_its_bit_depth(shift: int):
    """Stored values that differ by a scale only give the same film."""
    ramp = np.add.outer(np.arange(200), np.arange(200)).astype(np.uint16)
    one, other = film(small(ramp)).pixels, film(small(ramp * np.uint16(shift))).pixels
    assert np.abs(one.astype(int) - other.astype(int)).max() <= 1


def test_the_window_decides_what_is_seen():
    """Values outside the window are black or white."""
    ramp = np.tile(np.arange(0, 4000, 10, dtype=np.uint16), (200, 1))
    shown = film(small(ramp, WindowCenter=1000, WindowWidth=200)).pixels
    assert (shown[:, :40] == 0).all()
    assert (shown[:, 80:] == 255).all()


def test_the_real_chest_film_is_bone_bright():
    """RG1 is stored inverted: air around the patient is dark once it is shown."""
    shown = film(rg1())
    assert shown.pixels.shape == (SIDE, SIDE)
    assert not shown.unfit
    assert shown.pixels[60:160, 90:130].mean() > shown.pixels[:20, :20].mean()


def test_compressed_and_plain_show_the_same():
    """The lossless JPEG 2000 object gives the film of the uncompressed one."""
    plain, packed = film(dcmread(real("RG1_UNCR.dcm"))), film(dcmread(real("RG1_J2KR.dcm")))
    assert np.abs(plain.pixels.astype(int) - packed.pixels.astype(int)).max() <= 1


@pytest.mark.parametrize("shape", [(1, 1), (127, 500), (500, 100)])
def test_a_thumbnail_is_not_fit(shape: tuple[int, int]):
    """Under 128 pixels a side there is a film and a reason."""
    found = decode(png(np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)))
    assert "128" in found.unfit
    assert found.pixels.shape == (SIDE, SIDE)


def test_a_blank_picture_is_not_fit():
    """A picture without contrast has a reason."""
    assert "blank" in decode(png(np.full((300, 300), 80, dtype=np.uint8))).unfit


def test_a_picture_of_the_right_size_is_not_changed():
    """A grey 224 × 224 picture is the film."""
    pixels = np.random.default_rng(1).integers(0, 255, (SIDE, SIDE), dtype=np.uint8)
    assert (decode(png(pixels)).pixels == pixels).all()


@pytest.mark.parametrize("body", [b"", b"\xff\xd8\xff", b"hello", b"\0" * 128 + b"DICM", b"\0" * 128 + b"DICMgarbage"])
def test_what_is_no_picture_is_refused(body: bytes):
    """Bytes without pixels are an UnusableImageError, never another."""
    with pytest.raises(UnusableImageError):
        decode(body)


def test_truncated_files_are_refused():
    """Half a DICOM object and half a PNG are refused."""
    whole = as_bytes(small(np.random.default_rng(2).integers(0, 255, (300, 300), dtype=np.uint8)))
    for body in (whole[: len(whole) // 2], png(np.eye(300, dtype=np.uint8) * 255)[:200]):
        with pytest.raises(UnusableImageError):
            decode(body)


def test_a_header_cannot_make_us_take_memory():
    """An object that says it is 65535 × 65535 is refused before anything is made of that size."""
    liar = small(np.zeros((200, 200), dtype=np.uint8))
    liar.Rows = liar.Columns = 65535
    tracemalloc.start()
    with pytest.raises(UnusableImageError, match="64,000,000"):
        film(liar)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()
