"""DICOM objects for tests: the real chest film RG1 of pydicom-data, and small made-up ones."""

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

COMPUTED_RADIOGRAPHY = "1.2.840.10008.5.1.4.1.1.1"


def real(name: str) -> Path:
    """A file of pydicom-data."""
    found = get_testdata_file(name, download=False)
    assert isinstance(found, str), f"{name} is not in pydicom-data"
    return Path(found)


def rg1() -> Dataset:
    """A real computed radiography of an adult's chest, 1841 × 1955, MONOCHROME1."""
    return dcmread(real("RG1_UNCI.dcm"))


def small(pixels: npt.NDArray[np.generic], photometric: str = "MONOCHROME2", **attributes: object) -> Dataset:
    """An object around pixels uint8 or uint16 [rows, columns] of a child of three."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = COMPUTED_RADIOGRAPHY
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["instance"])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    found = Dataset()
    found.file_meta = meta
    found.SOPClassUID, found.SOPInstanceUID = COMPUTED_RADIOGRAPHY, meta.MediaStorageSOPInstanceUID
    found.StudyInstanceUID = generate_uid(entropy_srcs=["study"])
    found.SeriesInstanceUID = generate_uid(entropy_srcs=["series"])
    found.PatientID, found.PatientName, found.PatientAge = "7", "Small^Sam", "003Y"
    found.Modality, found.BodyPartExamined, found.StudyDate = "CR", "CHEST", "20240102"
    found.Rows, found.Columns = pixels.shape
    bits = pixels.dtype.itemsize * 8
    found.BitsAllocated, found.BitsStored, found.HighBit = bits, bits, bits - 1
    found.SamplesPerPixel, found.PixelRepresentation = 1, 0
    found.PhotometricInterpretation = photometric
    found.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
    for keyword, value in attributes.items():
        setattr(found, keyword, value)
    return found


def as_bytes(dataset: Dataset) -> bytes:
    """The object as a DICOM file."""
    body = io.BytesIO()
    dataset.save_as(body, enforce_file_format=True)
    return body.getvalue()
