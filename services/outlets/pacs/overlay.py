"""The film with the model's heat laid over it, as a Secondary Capture (PS3.3 A.8.1): a picture, not for measuring."""

import io
from typing import Final

import numpy as np
from highdicom.sc import SCImage
from PIL import Image, ImageDraw
from pydicom import Dataset

from schemas.events import ImagingStudyReported
from services.outlets.pacs.naming import MANUFACTURER, Whose, dated, uid

SIDE: Final = 768
SERIES_NUMBER: Final = 9102
CAPTION: Final = "heatmap of a model - not for diagnosis"


def picture(film: bytes, heatmap: bytes, report: ImagingStudyReported) -> Image.Image:
    """Grey PNG and RGBA PNG → RGB in the film's own shape, longest side 768, box and caption drawn in."""
    rows, columns = report.rows or 1, report.columns or 1
    scale = SIDE / max(rows, columns)
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    with Image.open(io.BytesIO(film)) as grey, Image.open(io.BytesIO(heatmap)) as heat:
        under = grey.convert("RGBA").resize(size, Image.Resampling.BILINEAR)
        shown = Image.alpha_composite(under, heat.convert("RGBA").resize(size, Image.Resampling.BILINEAR))
    found = shown.convert("RGB")
    drawn = ImageDraw.Draw(found)
    if report.box is not None:
        box = report.box
        corners = (box.left * size[0], box.top * size[1], box.right * size[0] - 1, box.bottom * size[1] - 1)
        drawn.rectangle(corners, outline=(0, 200, 255), width=2)
    drawn.text(
        (4, 4),
        f"{report.model} {report.version}: {CAPTION}",
        fill=(255, 255, 255),
        stroke_fill=(0, 0, 0),
        stroke_width=1,
    )
    return found


def secondary_capture(film: bytes, heatmap: bytes, report: ImagingStudyReported, who: Whose) -> Dataset:
    """The overlay as a DICOM object of the same study."""
    made = SCImage(
        np.asarray(picture(film, heatmap, report), dtype=np.uint8),
        photometric_interpretation="RGB", bits_allocated=8, coordinate_system="PATIENT", patient_orientation=("L", "F"),
        study_instance_uid=who.study, series_instance_uid=uid(report.site, "sc-series", report.study),
        series_number=SERIES_NUMBER, sop_instance_uid=uid(report.site, "sc", report.id), instance_number=1,
        manufacturer=MANUFACTURER, patient_id=who.number, patient_name=who.name,
        patient_birth_date="" if who.born is None else f"{who.born:%Y%m%d}", patient_sex=who.sex or None,
        study_id="", accession_number="", study_date=f"{who.taken:%Y%m%d}", study_time=f"{who.taken:%H%M%S}",
        referring_physician_name="",
    )  # fmt: skip
    made["PatientOrientation"].value = None  # the library asks for one, and we do not know it (type 2C: empty)
    made.Laterality = ""
    made.BurnedInAnnotation, made.ImageType = "YES", ["DERIVED", "SECONDARY"]
    made.DerivationDescription = f"{CAPTION}; {report.model} {report.version}"
    made.SeriesDescription = f"{report.model} {report.version}, heatmap"[:64]
    made.ManufacturerModelName, made.SoftwareVersions = report.model[:64], report.version[:64]
    return dated(made, report.known)
