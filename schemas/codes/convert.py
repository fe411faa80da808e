"""A number and its unit, as sent, to a value in the canonical unit, or the reason why it cannot be used."""

import math
from typing import NamedTuple

from schemas.codes.measurements import Measurement
from schemas.codes.units import SAME


class Unusable(NamedTuple):
    """Why a value cannot be used; holds nothing that could name a person."""

    reason: str


def canonical(what: Measurement, value: float, unit: str | None) -> float | Unusable:
    """The value in `what.unit`; no unit at all means the canonical one only where the quantity has no dimension."""
    if not math.isfinite(value):
        return Unusable(f"{what.name}: the value is not a finite number")
    if unit is None:
        if what.unit not in {"1", "[pH]", "{score}"}:
            return Unusable(f"{what.name}: no unit; send a UCUM code such as {what.unit!r}")
        result = value
    else:
        conversion = what.units.get(unit)
        if conversion is None:
            return Unusable(f"{what.name}: unit {unit[:32]!r} is not understood; {what.unit!r} is")
        result = value if conversion is SAME else conversion.apply(value)
    if not what.low <= result <= what.high:
        return Unusable(f"{what.name}: {result:g} {what.unit} is not possible (limits {what.low:g} to {what.high:g})")
    return result
