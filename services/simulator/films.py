"""Chest films of the simulated hospital as DICOM (PS3.3 A.26 DX image): real pictures, or drawn.

Given a folder or a tar archive of films, the pictures are those. Without, a phantom is drawn: ribs, lungs, heart, and a
soft patch in one lung. A phantom shows that the way works; a good model says of it that it cannot assess it.
"""

import io
import tarfile
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid

from services.simulator.hospital import Inpatient

SIDE = 512
SUFFIXES = {".jpeg", ".jpg", ".png"}


def phantom(rng: np.random.Generator, *, pneumonia: bool) -> npt.NDArray[np.uint8]:
    """A drawn chest film, uint8 [512, 512], bright where dense."""
    canvas = Image.new("L", (SIDE, SIDE), 28)
    draw = ImageDraw.Draw(canvas)
    draw.rounded_rectangle((66, 30, 446, 505), 120, fill=150)
    for left, right in ((112, 240), (272, 400)):
        draw.ellipse((left, 90, right, 410), fill=48)
    draw.ellipse((214, 230, 342, 420), fill=176)
    draw.rectangle((240, 20, 272, 480), fill=184)
    draw.pieslice((100, 360, 260, 500), 180, 360, fill=165)
    draw.pieslice((262, 370, 412, 500), 180, 360, fill=160)
    for n in range(9):
        y = 100 + n * 36
        for box in ((100, y - 34, 256, y + 34), (256, y - 34, 412, y + 34)):
            draw.arc(box, 190, 350, fill=112, width=9)
    picture = canvas.filter(ImageFilter.GaussianBlur(5))
    if pneumonia:
        patch = Image.new("L", (SIDE, SIDE), 0)
        x, y = int(rng.integers(130, 190)) + 165 * int(rng.integers(2)), int(rng.integers(240, 330))
        ImageDraw.Draw(patch).ellipse((x - 52, y - 44, x + 52, y + 44), fill=120)
        picture = Image.fromarray(
            np.clip(_signed(picture) + _signed(patch.filter(ImageFilter.GaussianBlur(22))), 0, 255)
            .astype(np.uint8)
        )  # fmt: skip
    noisy = np.asarray(picture, np.float64) + rng.normal(0, 4, (SIDE, SIDE))
    return np.clip(noisy, 0, 255).astype(np.uint8)


def _signed(image: Image.Image) -> npt.NDArray[np.int16]:
    return np.asarray(image, np.int16)


class Pictures:
    """Films of a folder, or of a tar archive, in random order; empty when it holds no JPEG or PNG."""

    def __init__(self, source: Path, rng: np.random.Generator) -> None:
        self._source, self._rng = source, rng
        if source.is_dir():
            self._names = sorted(str(p) for p in source.rglob("*") if p.suffix.lower() in SUFFIXES)
        else:
            with tarfile.open(source) as archive:
                self._names = sorted(n for n in archive.getnames() if Path(n).suffix.lower() in SUFFIXES)

    def next(self) -> npt.NDArray[np.uint8] | None:
        """One film, uint8 [rows, columns]; None when there is none."""
        if not self._names:
            return None
        name = self._names[int(self._rng.integers(len(self._names)))]
        if self._source.is_dir():
            content = Path(name).read_bytes()
        else:
            with tarfile.open(self._source) as archive:
                member = archive.extractfile(name)
                content = member.read() if member is not None else b""
        with Image.open(io.BytesIO(content)) as image:
            return np.asarray(image.convert("L"), np.uint8)


def film(who: Inpatient, at: datetime, pixels: npt.NDArray[np.uint8]) -> bytes:
    """A DICOM file with the person's identity, as a modality sends it."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    # From the number and the moment: sending the film again is the same film.
    uids = [generate_uid(entropy_srcs=[who.mrn, at.isoformat(), part]) for part in ("study", "series", "instance")]
    meta.MediaStorageSOPInstanceUID = uids[2]
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = Dataset()
    ds.file_meta = meta
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, uids[2]
    ds.StudyInstanceUID, ds.SeriesInstanceUID = uids[0], uids[1]
    ds.PatientID, ds.PatientName = who.mrn, f"{who.family}^{who.given}"
    ds.PatientBirthDate, ds.PatientSex = who.born.strftime("%Y%m%d"), who.sex[0].upper()
    ds.StudyDate = ds.ContentDate = at.strftime("%Y%m%d")
    ds.StudyTime = ds.ContentTime = at.strftime("%H%M%S")
    ds.TimezoneOffsetFromUTC = at.strftime("%z") or "+0000"
    ds.Modality, ds.BodyPartExamined, ds.ViewPosition = "DX", "CHEST", "AP"
    ds.StudyDescription, ds.SeriesNumber, ds.InstanceNumber = "Chest", 1, 1
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = pixels.shape
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.PixelData = pixels.tobytes() + (b"\0" if pixels.size % 2 else b"")
    body = io.BytesIO()
    ds.save_as(body, enforce_file_format=True)
    return body.getvalue()
