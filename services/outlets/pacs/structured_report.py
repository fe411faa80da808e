"""The report of a study as a Comprehensive SR by template TID 1500, Measurement Report (PS3.16; PS3.3 A.35.3).

Who observed is a device, the completion is partial and nobody verified it (PS3.3 C.17.2): a person finalises reports.
"""

from typing import Any, Final

import numpy as np
from highdicom import sr
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from schemas.events import ImagingStudyReported, SeenInstance
from services.outlets.pacs.naming import MANUFACTURER, Whose, dated, source, uid

PRIVATE: Final = "99WARDWATCH"
LABELS: Final = {
    "pneumonia": Code("233604007", "SCT", "Pneumonia"),
    "malignant": Code("363358000", "SCT", "Malignant tumor of lung"),
}
PROCEDURES: Final = {
    "CR": Code("168537006", "SCT", "Plain radiography"), "DX": Code("168537006", "SCT", "Plain radiography"),
    "CT": Code("77477000", "SCT", "Computed tomography"), "MR": Code("113091000", "SCT", "Magnetic resonance imaging"),
}  # fmt: skip
IMAGING: Final = Code("363679005", "SCT", "Imaging")
OUTCOMES: Final = {
    "finding": Code("finding", PRIVATE, "Finding by model"),
    "no finding": Code("no-finding", PRIVATE, "No finding by model"),
    "refer": Code("refer", PRIVATE, "Left to a physician"),
    "cannot assess": Code("cannot-assess", PRIVATE, "Cannot be assessed by model"),
}
OUTCOME: Final = Code("outcome", PRIVATE, "Outcome of the model's reading")
REASON: Final = Code("121071", "DCM", "Finding")
PRIOR: Final = Code("change", PRIVATE, "Change of log-odds since prior study")
SERIES_NUMBER: Final = 9101
SHORT: Final = 64
Group = sr.MeasurementsAndQualitativeEvaluations | sr.PlanarROIMeasurementsAndQualitativeEvaluations


def structured_report(report: ImagingStudyReported, who: Whose) -> Dataset:
    """The SR; its UID is that of the report. Raises ValueError when the report names no instance that it speaks of."""
    shown = next((one for one in report.instances if one.instance == report.shown), None)
    if shown is None:
        raise ValueError("the report names no instance that it speaks of")
    content = sr.MeasurementReport(
        observation_context=_observer(report),
        procedure_reported=PROCEDURES.get(shown.modality, IMAGING),
        imaging_measurements=[_group(report, shown)],
        title=codes.DCM.ImagingMeasurementReport,
    )
    made = sr.ComprehensiveSR(
        evidence=[source(who, one) for one in _named(report, shown)],
        content=content[0],
        series_instance_uid=uid(report.site, "sr-series", report.study),
        series_number=SERIES_NUMBER,
        sop_instance_uid=uid(report.site, "sr", report.id),
        instance_number=1,
        manufacturer=MANUFACTURER,
        is_complete=False,
        is_final=False,
        is_verified=False,
        series_description=f"{report.model} {report.version}, preliminary"[:SHORT],
    )
    made.ManufacturerModelName, made.SoftwareVersions = report.model[:SHORT], report.version[:SHORT]
    made.DeviceSerialNumber = report.version[:SHORT]
    made.CompletionFlagDescription = words(report)[:SHORT]
    return dated(made, report.known)


def words(report: ImagingStudyReported) -> str:
    """What the report says, in a line."""
    if report.outcome in {"cannot assess", "refer"}:
        said = f"{report.outcome}: {report.reason or 'no reason given'}"
    else:
        sure = f", probability {report.probability:.2f}" if report.probability is not None else ""
        said = f"{report.outcome}: {report.label or report.outcome}{sure}"
    prior = f"; {report.prior.words}" if report.prior is not None else ""
    return f"{said}{prior} ({report.model} {report.version}); preliminary, not read by a physician"


def _named(report: ImagingStudyReported, shown: SeenInstance) -> list[SeenInstance]:
    """Each instance once, the one that is spoken of first."""
    found = {shown.instance: shown} | {one.instance: one for one in report.instances if one.instance != shown.instance}
    return list(found.values())


def _observer(report: ImagingStudyReported) -> sr.ObservationContext:
    device = sr.DeviceObserverIdentifyingAttributes(
        uid=uid("device", report.model, report.version), name=report.model[:SHORT], manufacturer_name=MANUFACTURER,
        model_name=report.model[:SHORT], serial_number=report.version[:SHORT],
    )  # fmt: skip
    return sr.ObservationContext(observer_device_context=sr.ObserverContext(codes.DCM.Device, device))


def _group(report: ImagingStudyReported, shown: SeenInstance) -> Group:
    """TID 1410 with the box as a region of the image where there is one, else TID 1501 about the image."""
    tracking = sr.TrackingIdentifier(uid(report.site, "track", report.id), f"{report.model} 1"[:SHORT])
    said: dict[str, Any] = {
        "tracking_identifier": tracking,
        "finding_type": _label(report),
        "algorithm_id": sr.AlgorithmIdentification(report.model, report.version, manufacturer=MANUFACTURER),
        "measurements": _measurements(report),
        "qualitative_evaluations": [sr.QualitativeEvaluation(OUTCOME, OUTCOMES[report.outcome])],
    }
    # A frame is named only where there are several (PS3.3 C.17.5): SOP classes of one frame have no numbers.
    frames = [report.frame] if report.frames > 1 else None
    if report.box is None or report.rows is None or report.columns is None:
        image = sr.SourceImageForMeasurementGroup(shown.sop_class, shown.instance, frames)
        return sr.MeasurementsAndQualitativeEvaluations(**said, source_images=[image])
    box, width, height = report.box, report.columns, report.rows
    left, right, top, bottom = box.left * width, box.right * width, box.top * height, box.bottom * height
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom], [left, top]], dtype=np.float64)
    region = sr.ImageRegion(
        sr.GraphicTypeValues.POLYLINE, corners, sr.SourceImageForRegion(shown.sop_class, shown.instance, frames)
    )
    return sr.PlanarROIMeasurementsAndQualitativeEvaluations(**said, referenced_region=region)


def _label(report: ImagingStudyReported) -> Code:
    label = report.label or ""
    return LABELS.get(label) or (Code(label[:16], PRIVATE, label[:SHORT]) if label else OUTCOMES[report.outcome])


def _measurements(report: ImagingStudyReported) -> list[sr.Measurement]:
    found = []
    if report.probability is not None:
        percent = round(100 * report.probability, 2)
        found.append(sr.Measurement(codes.DCM.Probability, percent, codes.UCUM.Percent))
    if report.prior is not None:
        found.append(sr.Measurement(PRIOR, round(report.prior.change, 3), codes.UCUM.NoUnits))
    return found
