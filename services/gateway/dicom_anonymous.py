"""An image object without what names a person: what schemas.dicom.confidentiality keeps, at every depth."""

import io
from typing import Final

from pydicom import DataElement, Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import PYDICOM_IMPLEMENTATION_UID

from schemas.dicom.confidentiality import KEPT

METHOD: Final = "Wardwatch allow-list; PS3.15 E Basic Profile, Retain UIDs"


def anonymous(dataset: Dataset) -> Dataset:
    """A copy with kept attributes only, marked as de-identified (PS3.3 C.7.1.1); pixels are shared, not copied."""
    kept = _kept(dataset)
    kept.PatientIdentityRemoved = "YES"
    kept.DeidentificationMethod = METHOD
    kept.file_meta = _file_meta(dataset)
    return kept


def encoded(dataset: Dataset) -> bytes:
    """The object as a DICOM file (PS3.10), in the transfer syntax in which it came."""
    body = io.BytesIO()
    dcmwrite(body, dataset, enforce_file_format=True)
    return body.getvalue()


def _kept(dataset: Dataset) -> Dataset:
    found = Dataset()
    for element in dataset:
        if element.keyword not in KEPT:
            continue
        if element.VR == "SQ":
            found.add(DataElement(element.tag, "SQ", Sequence([_kept(item) for item in element.value or ()])))
        else:
            found.add(element)
    return found


def _file_meta(dataset: Dataset) -> FileMetaDataset:
    """Only what a reader needs: the sender's titles and private information stay out."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = dataset.file_meta.TransferSyntaxUID
    meta.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
    return meta
