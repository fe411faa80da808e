"""Pictures that came in (topic `imaging`): claim checks, the pixels lie in the object store."""

from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from schemas.dicom.series import SeriesKind
from schemas.events.base import Id, PatientEvent

Uid = Annotated[str, Field(max_length=64, pattern=r"^[0-9.]+$")]
"""A DICOM unique identifier (PS3.5 section 9)."""


class ImagingInstanceStored(PatientEvent):
    """One de-identified SOP instance lies in the object store under `object`."""

    topic: ClassVar[str] = "imaging"

    study: Uid
    series: Uid
    instance: Uid
    sop_class: Uid
    transfer_syntax: Uid
    modality: Annotated[str, Field(max_length=16)]
    body_part: Annotated[str, Field(max_length=64)] | None = None
    view: Annotated[str, Field(max_length=16)] | None = None
    kinds: tuple[SeriesKind, ...] = ()
    rows: Annotated[int, Field(ge=1, le=65535)]
    columns: Annotated[int, Field(ge=1, le=65535)]
    frames: Annotated[int, Field(ge=1)] = 1
    taken: AwareDatetime | None = None
    age_years: Annotated[float, Field(ge=0, le=150)] | None = None
    object: Annotated[str, Field(max_length=512)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ImagingStudyCompleted(PatientEvent):
    """No further instance of the study is expected."""

    topic: ClassVar[str] = "imaging"

    study: Uid
    instances: tuple[Id, ...] = ()
