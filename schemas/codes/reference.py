"""Adult reference ranges, in canonical units, for people who read a value; no model and no alert uses them.

Vital signs: the bands of NEWS2 that score 0 (Royal College of Physicians 2017, chart 1, SpO2 scale 1). Laboratory:
American Board of Internal Medicine, "Laboratory Test Reference Ranges", January 2026; where it has one range for women
and one for men, both together. Base excess: within 2 mmol/L of 0 (Siggaard-Andersen); end-tidal CO2: 35 to 45 mmHg, as
capnography is read. A laboratory's own range, where it sends one, is better than any of these.
"""

from types import MappingProxyType
from typing import Final, NamedTuple


class Range(NamedTuple):
    """Both ends included; None where only the other end is a limit."""

    low: float | None
    high: float | None


REFERENCE: Final = MappingProxyType(
    {
        # NEWS2: 0 points
        "respiratory_rate": Range(12, 20),
        "spo2": Range(96, 100),
        "systolic_bp": Range(111, 219),
        "heart_rate": Range(51, 90),
        "temperature": Range(36.1, 38.0),
        "etco2": Range(35, 45),
        "glasgow_coma_score": Range(15, 15),
        # Arterial blood gas on room air
        "ph": Range(7.38, 7.44),
        "paco2": Range(38, 42),
        "pao2": Range(75, 100),
        "sao2": Range(95, 100),
        "base_excess": Range(-2, 2),
        # Serum, plasma, blood
        "bicarbonate": Range(23, 28),
        "ast": Range(10, 40),
        "alt": Range(10, 40),
        "bun": Range(8, 20),
        "alkaline_phosphatase": Range(30, 120),
        "calcium": Range(8.6, 10.2),
        "chloride": Range(98, 106),
        "creatinine": Range(0.5, 1.3),
        "bilirubin_direct": Range(0.1, 0.3),
        "bilirubin_total": Range(0.3, 1.0),
        "glucose": Range(70, 99),
        "lactate": Range(0.7, 2.1),
        "magnesium": Range(1.6, 2.6),
        "phosphate": Range(3.0, 4.5),
        "potassium": Range(3.5, 5.0),
        "sodium": Range(136, 145),
        "albumin": Range(3.5, 5.5),
        "cholesterol": Range(None, 200),
        "troponin_i": Range(None, 0.04),
        "troponin_t": Range(None, 0.01),
        "hematocrit": Range(37, 50),
        "hemoglobin": Range(12, 18),
        "ptt": Range(25, 35),
        "wbc": Range(4, 11),
        "fibrinogen": Range(200, 400),
        "platelets": Range(150, 450),
    }
)
"""Range by short name."""

WITHOUT: Final = frozenset(
    {
        "mean_bp", "diastolic_bp", "fio2", "consciousness", "supplemental_oxygen", "mechanical_ventilation",
        "urine_output", "weight", "height",
    }
)  # fmt: skip
"""What has no range: NEWS2 has none for these pressures; the others depend on treatment, time or build."""


def reference(name: str) -> Range:
    """The adult range of a measurement; both ends None where there is none."""
    return REFERENCE.get(name, Range(None, None))
