"""Encounter → the life of a stay: started, transferred, ended, cancelled (FHIR R4 Encounter).

The resource tells the whole history each time, so each sending gives the whole chain of events again, with the same
ids as long as nothing changed. Places come from `location[]`, each with `physicalType` wa, ro or bd and a period.
The hospital's admission before an intensive care stay is `statusHistory` 'arrived'. Intensive care units are known
by `type` or `serviceType`: SNOMED CT, HL7 v3 RoleCode, or the location codes of CDC's NHSN (HSLOC).

A resource without a beginning tells of the rest: its moves and its end. One that is under way and was `finished` before
(`statusHistory`) takes that end back.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import (
    Annotated,
    Final,
    Literal,
    Required,  # pydantic reads typing.TypedDict from Python 3.12 on only
)

from pydantic import Field, TypeAdapter, with_config
from typing_extensions import TypedDict

from schemas.events import EncounterCancelled, EncounterEnded, EncounterStarted, EncounterTransferred, Event, Place
from schemas.fhir.elements import CLOSED, Code, CodeableConcept, Coding, Identifier, IdText, Meta, Period, Reference
from schemas.fhir.facts import (
    Context,
    Events,
    Fact,
    codes,
    encounter_id,
    end_of,
    ignore,
    refuse,
    required_name,
    start_of,
    word,
)
from schemas.fhir.library import read
from schemas.ids import digest

UNDER_WAY: Final = frozenset({"arrived", "triaged", "in-progress", "onleave"})
TO_COME: Final = frozenset({"planned", "reserved"})
LEVELS: Final = {"wa": "ward", "ro": "room", "bd": "bed"}
ICU: Final[dict[str, Literal["medical", "surgical", "coronary", "cardiac_surgical"]]] = {
    **dict.fromkeys(("441994008", "1027-2"), "medical"),  # SNOMED CT "Medical ICU"; HSLOC "Medical Critical Care"
    **dict.fromkeys(("418433008", "1030-6"), "surgical"),  # "Surgical ICU"; "Surgical Critical Care"
    **dict.fromkeys(("CCU", "1028-0"), "coronary"),  # RoleCode "Coronary care unit"; "Medical Cardiac Critical Care"
    "1032-2": "cardiac_surgical",  # HSLOC "Surgical Cardiothoracic Critical Care"
}
KINDS: Final[dict[str, Literal["inpatient", "emergency", "ambulatory"]]] = {
    **dict.fromkeys(("IMP", "ACUTE", "NONAC", "OBSENC", "SS"), "inpatient"),
    "EMER": "emergency",
    **dict.fromkeys(("AMB", "VR", "HH", "FLD", "PRENC"), "ambulatory"),
}
OUTCOMES: Final[dict[str, Literal["home", "transferred", "died"]]] = {
    "home": "home",
    "exp": "died",
    **dict.fromkeys(("other-hcf", "hosp", "long", "psy", "rehab", "snf"), "transferred"),
}


@with_config(CLOSED)
class _Location(TypedDict, total=False):
    location: Required[Reference]
    status: Code
    physicalType: CodeableConcept
    period: Period


@with_config(CLOSED)
class _StatusHistory(TypedDict, total=False):
    status: Required[Code]
    period: Required[Period]


@with_config(CLOSED)
class _Hospitalization(TypedDict, total=False):
    dischargeDisposition: CodeableConcept


@with_config(CLOSED)
class _Encounter(TypedDict, total=False):
    id: IdText
    meta: Meta
    identifier: list[Identifier]
    status: Required[Code]
    statusHistory: list[_StatusHistory]
    class_: Required[Annotated[Coding, Field(alias="class")]]
    type: list[CodeableConcept]
    serviceType: CodeableConcept
    subject: Reference
    period: Period
    hospitalization: _Hospitalization
    location: list[_Location]


_SHAPE = TypeAdapter(_Encounter)
_Base = dict[str, object]
"""What all events of one resource say: site, known, patient, encounter."""


def encounter(content: Mapping[str, object], context: Context, full_url: str | None = None) -> Fact:
    """What an Encounter says, its whole life so far; raises Stop."""
    found = read(_SHAPE, content)
    patient = context.patient(found.get("subject"), "Encounter.subject")
    stay = encounter_id(context.site, required_name(found.get("id"), found.get("identifier"), full_url, "Encounter"))
    if found["status"] in {"cancelled", "entered-in-error"}:
        cancelled = EncounterCancelled(
            id=digest(stay, "cancelled"), site=context.site, known=context.known, patient=patient, encounter=stay,
            reason=found["status"],
        )  # fmt: skip
        return Events((cancelled,))
    if found["status"] == "planned":
        ignore("Encounter that is only planned; send a ServiceRequest to ask for a bed")
    if found["status"] not in UNDER_WAY and found["status"] != "finished":
        refuse("status does not say whether the stay is under way or finished", "Encounter.status")
    started, ended = start_of(found.get("period")), end_of(found.get("period"))
    if found["status"] == "finished" and ended is None:
        refuse("finished without period.end", "Encounter.period")
    if any(at is not None and context.too_late(at) for at in (started, ended)) or (
        started and ended and ended < started
    ):
        refuse("the period ends before it starts, or lies in the future", "Encounter.period")
    base = {"site": context.site, "known": context.known, "patient": patient, "encounter": stay}
    life = [*_began(found, base, started, context), *_moved(found, base, started, context), *_over(found, base, ended)]
    if not life:
        refuse("no period.start with a time of day", "Encounter.period")
    return Events(tuple(life))


def _began(found: _Encounter, base: _Base, started: datetime | None, context: Context) -> Iterator[Event]:
    if started is None:
        return
    place = _place(found, started, context)
    arrivals = (start_of(past["period"]) for past in found.get("statusHistory", ()) if past["status"] == "arrived")
    admitted = min((t for t in arrivals if t), default=None)
    concepts = [*found.get("type", ()), *([found["serviceType"]] if "serviceType" in found else [])]
    icu = next((ICU[c] for concept in concepts for c in codes(concept) if c in ICU), None)
    kind = KINDS.get(found["class_"].get("code", ""), "other")
    specialty = word(found.get("serviceType"))
    yield EncounterStarted.model_validate(
        base
        | {
            "id": digest(base["encounter"], "started", started, admitted, kind, place, specialty, icu),
            "started": started,
            "admitted": admitted if admitted and admitted <= started else None,
            "kind": kind,
            "place": place,
            "specialty": specialty,
            "icu": icu,
        }
    )


def _moved(found: _Encounter, base: _Base, started: datetime | None, context: Context) -> Iterator[Event]:
    """Each change of place after the beginning; all that have a time where the beginning is not told; raises Stop."""
    stops = (stop for stop in found.get("location", ()) if stop.get("status") not in TO_COME)
    begun = [start_of(stop.get("period")) for stop in stops]
    if any(at is not None and context.too_late(at) for at in begun):
        refuse("a place begins in the future: a wrong clock, or status planned is missing", "Encounter.location")
    moments = sorted({t for t in begun if t and (started is None or t > started)})
    before = _place(found, started, context) if started else None
    for at in moments:
        place = _place(found, at, context)
        if place != before:
            content = base | {"id": digest(base["encounter"], "moved", at, place), "moved": at, "place": place}
            yield EncounterTransferred.model_validate(content)
        before = place


def _over(found: _Encounter, base: _Base, ended: datetime | None) -> Iterator[Event]:
    """The end; or that there is none after all, each time by another fact, since it may end and go on again."""
    stay = base["encounter"]
    if found["status"] == "finished":
        disposition = codes(found.get("hospitalization", {}).get("dischargeDisposition"))
        outcome = next((OUTCOMES.get(c, "other") for c in disposition), "unknown")
        content = base | {"id": digest(stay, "ended", ended, outcome), "ended": ended, "outcome": outcome}
        yield EncounterEnded.model_validate(content)
        return
    past = [one["period"] for one in found.get("statusHistory", ()) if one["status"] == "finished"]
    if resumed := max((at for period in past if (at := end_of(period) or start_of(period))), default=None):
        yield EncounterEnded.model_validate(base | {"id": digest(stay, "ended", None, resumed), "ended": None})


def _place(found: _Encounter, at: datetime, context: Context) -> Place:
    """Where the patient lay: for each level the newest entry that had begun and not ended."""
    levels: dict[str, tuple[datetime, str]] = {}
    opening = start_of(found.get("period")) or at
    for entry in found.get("location", ()):
        level = next((LEVELS[c] for c in codes(entry.get("physicalType")) if c in LEVELS), None)
        name = context.references.name(entry["location"])
        begun, over = start_of(entry.get("period")) or opening, end_of(entry.get("period"))
        planned = entry.get("status") in TO_COME
        if level is None or name is None or planned or begun > at or (over is not None and over <= at):
            continue
        if level not in levels or begun >= levels[level][0]:
            levels[level] = (begun, name[:128])
    return Place.model_validate({level: name for level, (_, name) in levels.items()})
