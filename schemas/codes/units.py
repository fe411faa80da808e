"""Linear conversions between UCUM units (The Unified Code for Units of Measure, section 3: conversion), exact.

A value in its canonical unit is kept to the bit. Any other is read as the decimal number that the sender wrote
and converted in rational arithmetic, so that 98.6 [degF] is 37 Cel and not its neighbour.
"""

from fractions import Fraction
from typing import NamedTuple


class Conversion(NamedTuple):
    """canonical = value x factor + offset."""

    factor: Fraction
    offset: Fraction = Fraction(0)

    def apply(self, value: float) -> float:
        """The value in the canonical unit, correctly rounded."""
        if self.factor == 1 and not self.offset:
            return value
        return float(Fraction(repr(value)) * self.factor + self.offset)


SAME = Conversion(Fraction(1))
"""Another name of the canonical unit."""


def times(factor: str) -> Conversion:
    """Make canonical = value x factor; the factor is a decimal number or a fraction, taken exactly."""
    return Conversion(Fraction(factor))


FAHRENHEIT = Conversion(Fraction(5, 9), Fraction(-160, 9))
"""[degF] to Cel."""

KELVIN = Conversion(Fraction(1), Fraction("-273.15"))
"""K to Cel."""
