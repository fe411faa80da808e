"""Observation → readings or a retraction (FHIR R4 Observation; vital signs profiles; US Core pulse oximetry panel).

A resource is one fact: when one part of a panel is impossible, the whole panel is quarantined. `amended` and
`corrected` give the same source a new id; `entered-in-error` and `cancelled` retract. A bound ('< 0.01') is no value.
"""

from datetime import datetime
from functools import lru_cache
from typing import Final, NoReturn

from schemas.codes import ANSWERS, LOINC, MEASUREMENTS, SNOMED, UCUM, Measurement, Unusable, canonical, measurement
from schemas.codes.coded import SNOMED_MEASUREMENTS, YES_OR_NO
from schemas.codes.measurements import PULSE_OXIMETRY_OR_GAS
from schemas.events import Reading
from schemas.fhir.elements import Quantity, moment
from schemas.fhir.facts import (
    Context,
    Fact,
    Ignored,
    Readings,
    Retraction,
    codes,
    ignore,
    name_of,
    namespace,
    refuse,
    version_of,
)
from schemas.fhir.observation_profile import VALUES, Component, Observation
from schemas.ids import digest

USED: Final = frozenset({"final", "amended", "corrected", "preliminary"})
NEVER_RIGHT: Final = frozenset({"entered-in-error", "cancelled"})
_STATUSES: Final = USED | NEVER_RIGHT
LABORATORY: Final = frozenset({"laboratory", "LAB"})
PANELS: Final = frozenset({"85354-9", "55284-4", "85353-1", "8716-3", "24336-0", "24338-6", "51990-0", "58410-2"})
"""Panels without a value of their own: blood pressure, vital signs, blood gas, metabolic panel, blood count."""


def observation(resource: Observation, context: Context, full_url: str | None = None) -> Fact:
    """What an Observation says; raises Stop. Times in UTC, values in canonical units."""
    parts = _parts(resource)
    retracted = resource["status"] in NEVER_RIGHT
    if not parts and not (retracted and not PANELS.isdisjoint(codes(resource["code"], LOINC))):
        ignore("Observation of a code that is not used here")
    if resource["status"] not in _STATUSES:
        _not_usable(resource["status"])
    patient = context.patient(resource.get("subject"), "Observation.subject")
    name = name_of(resource.get("id"), resource.get("identifier"), full_url)
    origin = digest(context.site, namespace(resource.get("meta")), "Observation", name) if name else None
    if retracted:
        if origin is None:
            refuse("a retraction must name the Observation by id or identifier", "Observation.id")
        names = [what.name for what, _ in parts] or list(MEASUREMENTS)
        return Retraction(patient, tuple(f"{origin}/{n}" for n in names), resource["status"])
    taken = _taken(resource, context)
    readings: list[Reading] = []
    skipped = ""
    for what, part in parts:
        value = _value(what, part)
        if isinstance(value, Unusable):
            refuse(value.reason, f"Observation.value ({what.name})")
        if isinstance(value, Ignored):
            skipped = value.reason
            continue
        readings.append(_reading(resource, what, value, taken, origin, patient, context))
    if not readings:
        ignore(skipped)
    return Readings(patient, context.encounter(resource.get("encounter")), tuple(readings))


def _parts(resource: Observation) -> list[tuple[Measurement, Observation | Component]]:
    """What is measured by the resource itself and by its components."""
    laboratory = any(not LABORATORY.isdisjoint(codes(c)) for c in resource.get("category", ()))
    found: list[tuple[Measurement, Observation | Component]] = []
    for part in (resource, *resource.get("component", ())):
        what = _measured(part, laboratory=laboratory)
        if what is not None:
            found.append((what, part))
    return found


def _not_usable(status: str) -> NoReturn:
    if status == "registered":
        ignore("Observation without a result yet (registered)")
    if status == "unknown":
        refuse("status 'unknown' may hide an error: not used", "Observation.status")
    refuse("status is not one of FHIR's observation-status codes", "Observation.status")


def _measured(part: Observation | Component, *, laboratory: bool) -> Measurement | None:
    found = None
    for coding in part["code"].get("coding", ()):
        system, code = coding.get("system"), coding.get("code")
        if code is None:
            continue
        if system == LOINC:
            # A more exact coding beside 2708-6 (US Core sends 59408-5 and 2708-6 together) decides.
            here = measurement(code, laboratory=laboratory)
            if here is not None and (found is None or code != PULSE_OXIMETRY_OR_GAS):
                found = here
        elif system == SNOMED and found is None and code in SNOMED_MEASUREMENTS:
            found = MEASUREMENTS[SNOMED_MEASUREMENTS[code]]
    if found is not None and "component" in part and _SAID.isdisjoint(part):
        return None  # a grouping Observation repeats its panel's code without a value: its components speak
    return found


_SAID: Final = VALUES | {"dataAbsentReason"}


def _value(what: Measurement, part: Observation | Component) -> float | Unusable | Ignored:
    quantity = part.get("valueQuantity")
    if what.name in ANSWERS and quantity is None:
        return _answer(what, part)
    if quantity is not None and "value" in quantity:
        if "comparator" in quantity:
            return Ignored(f"{what.name}: a bound ('{quantity['comparator'][:2]}'), not a value")
        return _number(what, quantity, quantity["value"])
    if "valueInteger" in part:
        return canonical(what, float(part["valueInteger"]), None)
    return _nothing(what, part)


def _number(what: Measurement, quantity: Quantity, value: float) -> float | Unusable:
    code = quantity.get("code")
    unit = code if code and quantity.get("system", UCUM) == UCUM else quantity.get("unit")
    if what.name == "supplemental_oxygen" and unit in {"L/min", "l/min"}:
        if value < 0:
            return Unusable("supplemental_oxygen: a flow below zero is not possible")
        return 1.0 if value > 0 else 0.0
    if what.name in ANSWERS:
        return Unusable(f"{what.name}: send a coded answer, not a number")
    return canonical(what, float(value), unit)


def _answer(what: Measurement, part: Observation | Component) -> float | Unusable | Ignored:
    if "valueBoolean" in part and what.name in YES_OR_NO:
        return float(part["valueBoolean"])
    given = [*codes(part.get("valueCodeableConcept")), *([part["valueString"]] if "valueString" in part else [])]
    answers = {ANSWERS[what.name][code] for code in given if code in ANSWERS[what.name]}
    if len(answers) == 1:
        return answers.pop()
    if given:
        return Unusable(f"{what.name}: the answer is not one of the codes understood here")
    if "valueInteger" in part:
        return Unusable(f"{what.name}: send a coded answer, not a number")
    return _nothing(what, part)


def _nothing(what: Measurement, part: Observation | Component) -> Unusable | Ignored:
    if "dataAbsentReason" in part:
        return Ignored(f"{what.name}: no value, and the sender says why (dataAbsentReason)")
    return Unusable(f"{what.name}: no numeric value and no dataAbsentReason")


def _taken(resource: Observation, context: Context) -> datetime:
    period = resource.get("effectivePeriod", {})
    text = (
        resource.get("effectiveDateTime")
        or resource.get("effectiveInstant")
        or period.get("end")
        or period.get("start")
    )
    taken = moment(text or resource.get("issued"))
    if taken is None:
        refuse("no effective instant: a reading needs date, time and time zone", "Observation.effective")
    if context.too_late(taken):
        refuse("taken more than 5 minutes in the future: check the sender's clock", "Observation.effective")
    return taken


@lru_cache(maxsize=8192)
def _text(taken: datetime) -> str:
    """ISO 8601; the readings of a bundle mostly share their time."""
    return taken.isoformat()


def _reading(
    resource: Observation,
    what: Measurement,
    value: float,
    taken: datetime,
    origin: str | None,
    patient: str,
    context: Context,
) -> Reading:
    """Ids per design rule 1: source and version, else a hash of what is said."""
    device = context.references.name(resource["device"]) if "device" in resource else None
    if origin is None:
        origin = digest(context.site, patient, _text(taken), value, device)
    source = f"{origin}/{what.name}"
    return Reading(
        id=digest(source, version_of(resource.get("meta")), _text(taken), value),
        source=source,
        code=what.name,
        value=value,
        unit=what.unit,
        taken=taken,
        device=device[:128] if device else None,
    )
