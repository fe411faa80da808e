"""The report of a study → ImagingStudy (FHIR R4 ImagingStudy): its series and instances as they were stored here."""

from itertools import groupby
from typing import Final

from schemas.events import ImagingStudyReported
from schemas.fhir.ours import Ref, Resource, exact, newer, stamped, without

DCM: Final = "http://dicom.nema.org/resources/ontology/DCM"
URIS: Final = "urn:ietf:rfc:3986"


def imaging_study(found: Resource | None, event: ImagingStudyReported, *, id_: str, patient: Ref) -> Resource:
    """What should stand after this report."""
    if found is not None and newer(found, event.as_of):
        return found
    each = {one.instance: one for one in event.instances}.values()
    ordered = sorted(each, key=lambda one: (one.series, one.instance))
    series = []
    for uid, members in groupby(ordered, key=lambda one: one.series):
        held = list(members)
        instances = [
            {"uid": one.instance, "sopClass": {"system": URIS, "code": f"urn:oid:{one.sop_class}"}} for one in held
        ]
        modality = {"system": DCM, "code": held[0].modality}
        series.append({"uid": uid, "modality": modality, "numberOfInstances": len(held), "instance": instances})
    ours: Resource = {
        "resourceType": "ImagingStudy", "id": id_, "extension": stamped(found, event.as_of), "status": "available",
        "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{event.study}"}], "subject": patient,
        "started": exact(event.as_of), "numberOfSeries": len(series), "numberOfInstances": len(ordered),
        "series": series,
    }  # fmt: skip
    return without(found) | ours
