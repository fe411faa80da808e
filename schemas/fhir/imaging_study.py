"""Stored instances of one study → ImagingStudy (FHIR R4 ImagingStudy)."""

from collections.abc import Sequence
from itertools import groupby

from fhir.resources.R4B.imagingstudy import ImagingStudy

from schemas.events import ImagingInstanceStored
from schemas.ids import digest

_DCM = "http://dicom.nema.org/resources/ontology/DCM"


def imaging_study(events: Sequence[ImagingInstanceStored], *, subject: str) -> ImagingStudy:
    """`events`: at least one, all of one study; `subject` is the hospital's own reference."""
    first = events[0]
    ordered = sorted({e.instance: e for e in events}.values(), key=lambda e: (e.series, e.instance))
    series = []
    for uid, members in groupby(ordered, key=lambda e: e.series):
        instances = list(members)
        series.append({
            "uid": uid,
            "modality": {"system": _DCM, "code": instances[0].modality},
            "numberOfInstances": len(instances),
            "instance": [
                {"uid": i.instance, "sopClass": {"system": "urn:ietf:rfc:3986", "code": f"urn:oid:{i.sop_class}"}}
                for i in instances
            ],
        })  # fmt: skip
    started = min((e.taken for e in events if e.taken), default=None)
    content = {
        "id": digest(first.site, first.study),
        "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{first.study}"}],
        "status": "available",
        "subject": {"reference": subject},
        "numberOfSeries": len(series),
        "numberOfInstances": len(ordered),
        "series": series,
    }
    return ImagingStudy.model_validate(content | ({"started": started.isoformat()} if started else {}))
