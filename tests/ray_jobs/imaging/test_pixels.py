"""From bytes to the film that a network reads."""

import contextlib
import io
import tracemalloc

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from pydicom import Dataset, Sequence, dcmread

from ray_jobs.imaging.pixels import SIDE, UnusableImageError, decode, film, shown
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


@pytest.mark.parametrize(
    ("packed", "plain", "loss"),
    [
        ("MR_small_RLE.dcm", "MR_small.dcm", 0), ("MR_small_jpeg_ls_lossless.dcm", "MR_small.dcm", 0),
        ("MR_small_jp2klossless.dcm", "MR_small.dcm", 0), ("MR_small_bigendian.dcm", "MR_small.dcm", 0),
        ("JPEGLSNearLossless_16.dcm", "JPEGLSNearLossless_16.dcm", 0), ("JPEG2000.dcm", "JPEG2000.dcm", 0),
        ("RG1_J2KI.dcm", "RG1_UNCI.dcm", 12), ("RG3_J2KR.dcm", "RG3_UNCR.dcm", 0),
    ],
)  # fmt: skip
def test_every_encoding_shows_the_same(packed: str, plain: str, loss: int):
    """RLE, JPEG-LS, JPEG 2000 and big endian are decoded; what is lossless is equal."""
    one, other = shown(dcmread(real(packed))), shown(dcmread(real(plain)))
    assert one.std() > 5
    assert np.abs(one.astype(int) - other.astype(int)).mean() <= loss


def test_signed_values_are_read_as_signed():
    """Hounsfield units below zero are darker than those above; the rescale makes no difference to their order."""
    ramp = np.tile(np.arange(-1000, 1000, 10, dtype=np.int16), (200, 1))
    seen = film(small(ramp.view(np.uint16), PixelRepresentation=1, RescaleSlope=1, RescaleIntercept=-24)).pixels
    assert (np.diff(seen[0].astype(int)) >= 0).all()
    assert (seen[0, 0], seen[0, -1]) == (0, 255)


@pytest.mark.parametrize("signed", [0, 1])
def test_bits_above_those_stored_are_not_shown(signed: int):
    """An overlay or rubbish in the unused bits of a pixel changes nothing (PS3.5 8.1.1)."""
    ramp = np.tile(np.arange(400, dtype=np.uint16) * 5, (200, 1))
    clean = small(ramp, BitsStored=12, HighBit=11, PixelRepresentation=signed)
    dirty = small(ramp | np.uint16(0xA000), BitsStored=12, HighBit=11, PixelRepresentation=signed)
    assert (shown(clean) == shown(dirty)).all()


@given(FILMS, st.permutations(range(0, 4096, 256)), st.booleans())
def test_a_pixel_is_shown_by_its_value_alone(pixels: npt.NDArray[np.uint16], steps: list[int], turned: bool):
    """Equal stored values show the same grey, and the darkest and brightest that occur span the whole range."""
    item = Dataset()
    values = np.repeat(steps if turned else sorted(steps), 256)
    item.LUTDescriptor, item.ModalityLUTType, item.LUTData = [4096, 0, 16], "US", [int(value) for value in values]
    item["LUTDescriptor"].VR = item["LUTData"].VR = "US"
    found = shown(small(pixels, ModalityLUTSequence=Sequence([item])))
    through = values[pixels].astype(np.float32)
    low, high = through.min(), through.max()
    wanted = np.rint((through - low) * (255 / (high - low))) if high > low else np.zeros_like(through)
    assert np.abs(found - wanted).max() <= 1


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_black_and_stretches_no_range(photometric: str):
    """A corner of padding far outside the values changes nothing of the rest."""
    ramp = np.add.outer(np.arange(1000, 1200), np.arange(200)).astype(np.uint16)
    padded = ramp.copy()
    padded[:40, :40] = 65535
    whole = shown(small(ramp, photometric))
    seen = shown(small(padded, photometric, PixelPaddingValue=65535))
    assert (seen[:40, :40] == 0).all()
    assert np.abs(seen[60:, 60:].astype(int) - whole[60:, 60:].astype(int)).max() <= 60
    assert seen[60:, 60:].std() > 10


def test_a_look_up_table_is_applied():
    """A Modality LUT that turns the values round shows the negative."""
    ramp = np.tile(np.arange(256, dtype=np.uint8), (200, 1))
    item = Dataset()
    item.LUTDescriptor, item.ModalityLUTType, item.LUTData = [256, 0, 16], "US", list(range(255, -1, -1))
    item["LUTDescriptor"].VR = item["LUTData"].VR = "US"
    seen = film(small(ramp, ModalityLUTSequence=Sequence([item]))).pixels
    assert seen[0, 0] > 250
    assert seen[0, -1] < 5


def test_an_enhanced_object_is_seen_through_its_own_frame_s_window():
    """The window in the functional groups of the frame decides, not that of another."""
    pixels = np.tile(np.arange(0, 4000, 10, dtype=np.uint16), (200, 1))
    two = small(pixels, NumberOfFrames=2, PixelData=pixels.tobytes() * 2)
    groups = []
    for centre in (1000, 3000):
        window = Dataset()
        window.WindowCenter, window.WindowWidth = centre, 200
        group = Dataset()
        group.FrameVOILUTSequence = Sequence([window])
        groups.append(group)
    two.PerFrameFunctionalGroupsSequence = Sequence(groups)
    first, second = shown(two, 0), shown(two, 1)
    assert (first[0, 150], second[0, 150]) == (255, 0)
    assert (second[0, 350], first[0, 50]) == (255, 0)


@pytest.mark.parametrize(
    ("attributes", "word"),
    [
        ({"PhotometricInterpretation": "MONOCHROME3"}, "MONOCHROME3"), ({"PhotometricInterpretation": ""}, "none"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "colour"), ({"BitsAllocated": 64}, "64 bits"),
        ({"Rows": 20000, "Columns": 20000}, "20000 × 20000"), ({"Rows": 0}, "no size"),
    ],
)  # fmt: skip
def test_a_header_that_says_enough_is_refused_before_a_pixel_is_read(attributes: dict[str, object], word: str):
    """Wrong photometric interpretation, colour, depth or size: the reason names it."""
    pixels = np.zeros((200, 200), dtype=np.uint16)
    with pytest.raises(UnusableImageError, match=word):
        shown(small(pixels, **attributes))


def test_every_object_of_pydicom_gives_a_film_or_a_reason():
    """Broken, odd and rare ones too: none raises anything else."""
    files = sorted(real("CT_small.dcm").parent.glob("*.dcm"))
    assert len(files) > 60
    read = 0
    for file in files:
        if file.stat().st_size > 2_000_000:
            continue
        with contextlib.suppress(UnusableImageError):
            assert decode(file.read_bytes()).pixels.shape == (SIDE, SIDE)
            read += 1
    assert read > 20


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
    with pytest.raises(UnusableImageError, match="36,000,000"):
        film(liar)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()
