"""An image object's header as a frozen value: Patient, Study, Series, Image and SOP Common modules of PS3.3.

Reads any mapping from DICOM keyword to value (a pydicom Dataset is one), so that nothing here does I/O.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Annotated, Final, Protocol

from pydantic import AwareDatetime, Field, ValidationError

from schemas.dicom.series import SeriesKind, series_kinds
from schemas.events.base import Value
from schemas.events.imaging import Uid

RequiredUid = Annotated[Uid, Field(min_length=1)]
Side = Annotated[int, Field(ge=1, le=65535)]

DAYS_PER_YEAR: Final = 365.2425
AGE_UNITS: Final = {"D": 1 / DAYS_PER_YEAR, "W": 7 / DAYS_PER_YEAR, "M": 1 / 12, "Y": 1.0}
UNIVERSAL_PREFIX: Final = {"ISO": "urn:oid:", "UUID": "urn:uuid:", "URI": ""}


class Attributes(Protocol):
    """Attributes by keyword."""

    def get(self, key: str, default: object = None, /) -> object:
        """The value of an attribute, or the default."""
        ...


class HeaderError(ValueError):
    """The object lacks, or garbles, what it must say; `path` is the attribute's keyword."""

    def __init__(self, reason: str, path: str) -> None:
        super().__init__(reason)
        self.reason, self.path = reason, path


class ImageHeader(Value):
    """What one image object says of itself. `patient_id`, `issuer` and `born` must not leave the gateway."""

    study: RequiredUid
    series: RequiredUid
    instance: RequiredUid
    sop_class: RequiredUid
    modality: Annotated[str, Field(min_length=1, max_length=16)]
    body_part: Annotated[str, Field(max_length=64)] | None = None
    view: Annotated[str, Field(max_length=16)] | None = None
    kinds: tuple[SeriesKind, ...] = ()
    rows: Side
    columns: Side
    frames: Annotated[int, Field(ge=1)] = 1
    taken: AwareDatetime | None = None
    zone_known: bool = False
    patient_id: Annotated[str, Field(min_length=1, max_length=64)]
    issuer: Annotated[str, Field(max_length=256)] = ""
    born: date | None = None
    sex: Annotated[str, Field(max_length=16)] | None = None
    age_years: Annotated[float, Field(ge=0, le=150)] | None = None
    accession: Annotated[str, Field(max_length=64)] | None = None


_KEYWORD: Final = {
    "study": "StudyInstanceUID",
    "series": "SeriesInstanceUID",
    "instance": "SOPInstanceUID",
    "sop_class": "SOPClassUID",
    "modality": "Modality",
    "body_part": "BodyPartExamined",
    "view": "ViewPosition",
    "rows": "Rows",
    "columns": "Columns",
    "frames": "NumberOfFrames",
    "patient_id": "PatientID",
    "issuer": "IssuerOfPatientID",
    "sex": "PatientSex",
    "accession": "AccessionNumber",
}


def read_image_header(attributes: Attributes, zone: tzinfo = UTC) -> ImageHeader:
    """The header of an image object; `zone` is the site's, for objects that do not say theirs.

    Raises HeaderError naming the first attribute that is missing or wrong, without its value.
    """
    found: dict[str, object] = {name: _text(attributes, keyword) for name, keyword in _KEYWORD.items()}
    offset = _offset(_text(attributes, "TimezoneOffsetFromUTC"))
    taken = taken_at(attributes, offset or zone)
    found |= {
        "issuer": issuer_of(attributes),
        "kinds": series_kinds(attributes),
        "frames": found["frames"] or 1,
        "taken": taken,
        "zone_known": offset is not None,
        "born": _date(_text(attributes, "PatientBirthDate")),
        "age_years": age_of(attributes, offset or zone),
    }
    for name in ("study", "series", "instance", "sop_class", "modality", "rows", "columns", "patient_id"):
        if not found[name]:
            raise HeaderError(f"{_KEYWORD[name]} is missing", _KEYWORD[name])
    try:
        return ImageHeader.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        keyword = _KEYWORD.get(name, name)
        raise HeaderError(f"{keyword}: {first['msg']}", keyword) from None


def issuer_of(attributes: Attributes) -> str:
    """The assigning authority: the universal id of its qualifiers as a URI (PS3.3 10.14), else its local name."""
    qualifiers = attributes.get("IssuerOfPatientIDQualifiersSequence")
    if isinstance(qualifiers, Sequence) and qualifiers:
        universal = _text(qualifiers[0], "UniversalEntityID")
        kind = _text(qualifiers[0], "UniversalEntityIDType") or "ISO"
        if universal:
            return UNIVERSAL_PREFIX.get(kind, "") + universal
    return _text(attributes, "IssuerOfPatientID") or ""


def taken_at(attributes: Attributes, zone: tzinfo) -> datetime | None:
    """When the picture was taken: acquisition, else content, else study date and time; None when none is readable."""
    for kind in ("Acquisition", "Content", "Study"):
        day = _date(_text(attributes, f"{kind}Date"))
        if day is not None:
            return datetime.combine(day, _time(_text(attributes, f"{kind}Time")), zone).astimezone(UTC)
    return None


def age_of(attributes: Attributes, zone: tzinfo = UTC) -> float | None:
    """Years when the picture was taken: from the birth date, else what the modality wrote; None without either."""
    born, taken = _date(_text(attributes, "PatientBirthDate")), taken_at(attributes, zone)
    return age_at(born, taken) if born and taken else _age(_text(attributes, "PatientAge"))


def age_at(born: date, when: datetime) -> float | None:
    """Years from birth to an instant; None when that is impossible."""
    years = (when.date() - born).days / DAYS_PER_YEAR
    return years if 0 <= years <= 150 else None  # noqa: PLR2004 - the event's own bound


def _text(attributes: Attributes, keyword: str) -> str | None:
    value = attributes.get(keyword)
    if value is None or isinstance(value, (bytes, bytearray)):
        return None
    return str(value).strip() or None


def _date(text: str | None) -> date | None:
    """DA: YYYYMMDD (PS3.5 6.2)."""
    try:
        return datetime.strptime(text or "", "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None


def _time(text: str | None) -> time:
    """TM: HH, HHMM or HHMMSS with a fraction that is dropped (PS3.5 6.2); midnight when there is none."""
    digits = (text or "").split(".")[0]
    try:
        return datetime.strptime(digits.ljust(6, "0"), "%H%M%S").replace(tzinfo=UTC).time()
    except ValueError:
        return time()


def _offset(text: str | None) -> timezone | None:
    """TimezoneOffsetFromUTC: &ZZXX (PS3.3 C.12.1.1.8)."""
    try:
        found = datetime.strptime(text or "", "%z").utcoffset()
    except ValueError:
        return None
    return None if found is None or abs(found) > timedelta(hours=14) else timezone(found)


def _age(text: str | None) -> float | None:
    """AS: nnnD, nnnW, nnnM or nnnY (PS3.5 6.2), in years."""
    if not text or text[-1] not in AGE_UNITS or not text[:-1].isdigit():
        return None
    years = int(text[:-1]) * AGE_UNITS[text[-1]]
    return years if years <= 150 else None  # noqa: PLR2004 - the event's own bound
