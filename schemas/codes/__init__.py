"""The codes that are understood, as tables: LOINC and SNOMED CT in, our short names and UCUM units out."""

from schemas.codes.coded import ANSWERS, CONSCIOUSNESS, LOINC, OXYGEN, SNOMED, UCUM
from schemas.codes.convert import Unusable, canonical
from schemas.codes.measurements import BY_LOINC, MEASUREMENTS, Measurement, measurement
from schemas.codes.reference import REFERENCE, Range, reference
from schemas.codes.units import Conversion

__all__ = [
    "ANSWERS",
    "BY_LOINC",
    "CONSCIOUSNESS",
    "LOINC",
    "MEASUREMENTS",
    "OXYGEN",
    "REFERENCE",
    "SNOMED",
    "UCUM",
    "Conversion",
    "Measurement",
    "Range",
    "Unusable",
    "canonical",
    "measurement",
    "reference",
]
