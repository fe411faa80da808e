"""The hospital's units, for screens only: a reading is kept, scored and sent in its canonical unit (schemas/codes).

Factors are those by which readings come in (`schemas.codes.measurements`, molar masses from IUPAC standard atomic
weights; [degF] and kPa from UCUM), turned round: what a hospital sends in its unit is shown as it was sent. A setting
names them: WARDWATCH_UNITS='{"lactate": "mg/dL", "blood_pressure": "kPa", "temperature": "[degF]"}'.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from schemas.codes import MEASUREMENTS
from schemas.codes.units import Conversion


class WrongUnit(ValueError):  # noqa: N818 - a kind of wrong value
    """WARDWATCH_UNITS names no reading, or a unit that it is not shown in; the text says which and what is."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as it is written, the decimals that its readings have, and the way back to the canonical unit."""

    text: str
    decimals: int
    canonical: Conversion

    def shown(self, value: float) -> float:
        """The value in this unit."""
        return float((Fraction(repr(value)) - self.canonical.offset) / self.canonical.factor)

    def slope(self, per_hour: float) -> float:
        """A change in this unit: an offset does not change."""
        return float(Fraction(repr(per_hour)) / self.canonical.factor)


_OTHERS: Final = (
    ("temperature", "[degF]", "°F", 1),
    *((name, "kPa", "kPa", 1) for name in ("systolic_bp", "diastolic_bp", "mean_bp", "paco2", "pao2", "etco2")),
    ("lactate", "mg/dL", "mg/dL", 0),
    *((name, "mmol/L", "mmol/L", 1) for name in ("glucose", "bun", "cholesterol")),
    *((name, "mmol/L", "mmol/L", 2) for name in ("calcium", "magnesium", "phosphate")),
    *((name, "umol/L", "µmol/L", 0) for name in ("creatinine", "bilirubin_total", "bilirubin_direct")),
    *((name, "g/L", "g/L", 0) for name in ("hemoglobin", "albumin")),
    ("fibrinogen", "g/L", "g/L", 1),
    *((name, "ng/L", "ng/L", 0) for name in ("troponin_i", "troponin_t")),
)
"""Reading, UCUM code, how it is written, decimals."""
UNITS: Final[Mapping[str, Mapping[str, Unit]]] = {
    name: {
        code: Unit(text, decimals, MEASUREMENTS[name].units[code]) for n, code, text, decimals in _OTHERS if n == name
    }
    for name in dict.fromkeys(name for name, *_ in _OTHERS)
}
"""What readings can be shown in beside their canonical unit, by UCUM code."""
GROUPS: Final = {
    "blood_pressure": ("systolic_bp", "diastolic_bp", "mean_bp"),
    "blood_gas": ("paco2", "pao2", "etco2"),
    "bilirubin": ("bilirubin_total", "bilirubin_direct"),
    "troponin": ("troponin_i", "troponin_t"),
}
"""Readings that stand beside one another are shown in one unit."""
Chosen = Mapping[str, Unit]
_SHOWN: ContextVar[Chosen] = ContextVar("units", default={})  # noqa: B039 - a Mapping: nobody changes it


def chosen(setting: str) -> Chosen:
    """The units of the setting, by reading. Raises WrongUnit."""
    try:
        told = json.loads(setting)
    except ValueError as error:
        raise WrongUnit(f"WARDWATCH_UNITS: not JSON: {error}") from None
    if not isinstance(told, dict):
        raise WrongUnit('WARDWATCH_UNITS: must be a JSON object such as {"lactate": "mg/dL"}')
    grouped = {name for names in GROUPS.values() for name in names}
    found: dict[str, Unit] = {}
    for name, code in told.items():
        if name not in GROUPS and (name not in UNITS or name in grouped):
            raise WrongUnit(f"WARDWATCH_UNITS: {name!r} is none of {', '.join(sorted({*GROUPS, *UNITS} - grouped))}")
        for reading in GROUPS.get(name, (name,)):
            if code == MEASUREMENTS[reading].unit:
                continue
            if code not in UNITS[reading]:
                known = ", ".join([MEASUREMENTS[reading].unit, *UNITS[reading]])
                raise WrongUnit(f"WARDWATCH_UNITS: {name} is shown in {known}, not in {code!r}")
            found[reading] = UNITS[reading][code]
    return found


def unit(reading: str) -> Unit | None:
    """The unit that a reading is shown in now; None: its canonical one."""
    return _SHOWN.get().get(reading)


def shown(reading: str, value: float) -> float:
    """A value of a reading in the unit that it is shown in now."""
    other = unit(reading)
    return value if other is None else other.shown(value)


def slope(reading: str, per_hour: float) -> float:
    """A change of a reading in the unit that it is shown in now."""
    other = unit(reading)
    return per_hour if other is None else other.slope(per_hour)


@contextmanager
def showing(units: Chosen) -> Iterator[None]:
    """Show readings in these units inside the block."""
    token = _SHOWN.set(units)
    try:
        yield
    finally:
        _SHOWN.reset(token)


class InUnits:
    """Answers every request in the hospital's units (ASGI)."""

    def __init__(self, app: ASGIApp, units: Chosen) -> None:
        self._app, self._units = app, units

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        with showing(self._units):
            await self._app(scope, receive, send)
