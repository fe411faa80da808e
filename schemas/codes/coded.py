"""Answers that are codes and not numbers: consciousness (ACVPU), supplemental oxygen, mechanical ventilation.

NEWS2 (Royal College of Physicians 2017, chart 1) asks alert or not (new confusion, voice, pain, unresponsive), and
air or oxygen. Code systems: LOINC answer lists, SNOMED CT, and the bare letters that devices send.
"""

from typing import Final

LOINC: Final = "http://loinc.org"
SNOMED: Final = "http://snomed.info/sct"
UCUM: Final = "http://unitsofmeasure.org"

SNOMED_MEASUREMENTS: Final[dict[str, str]] = {
    "1104441000000107": "consciousness",  # ACVPU scale (UK extension)
    "371825009": "supplemental_oxygen",  # patient on oxygen
    "371820004": "mechanical_ventilation",  # patient ventilated
    "40617009": "mechanical_ventilation",  # artificial ventilation (regime/therapy)
}
"""Observations named by SNOMED CT instead of LOINC, to our short name."""

CONSCIOUSNESS: Final[dict[str, float]] = {
    "LA9340-6": 0.0, "248234008": 0.0, "A": 0.0,  # alert
    "LA6560-2": 1.0, "130987000": 1.0, "C": 1.0,  # (new) confusion
    "LA17108-4": 1.0, "300202002": 1.0, "V": 1.0,  # responds to voice
    "LA17107-6": 1.0, "450847001": 1.0, "P": 1.0,  # responds to pain
    "LA9343-0": 1.0, "422768004": 1.0, "U": 1.0,  # unresponsive
}  # fmt: skip
"""Answer code to 0 (alert) or 1 (anything less)."""

OXYGEN: Final[dict[str, float]] = {
    "722742002": 0.0, "373067005": 0.0, "N": 0.0, "LA32-8": 0.0,  # breathing room air; no
    "371825009": 1.0, "373066001": 1.0, "Y": 1.0, "LA33-6": 1.0,  # patient on oxygen; yes
}  # fmt: skip
"""Answer code to 0 (air) or 1 (oxygen)."""

VENTILATION: Final[dict[str, float]] = {
    "373067005": 0.0, "N": 0.0, "LA32-8": 0.0,  # no
    "371820004": 1.0, "373066001": 1.0, "Y": 1.0, "LA33-6": 1.0,  # patient ventilated; yes
}  # fmt: skip
"""Answer code to 0 (breathes alone) or 1 (a machine breathes)."""

YES_OR_NO: Final = frozenset({"supplemental_oxygen", "mechanical_ventilation"})
"""What may also be told as a boolean."""

ANSWERS: Final[dict[str, dict[str, float]]] = {
    "consciousness": CONSCIOUSNESS,
    "supplemental_oxygen": OXYGEN,
    "mechanical_ventilation": VENTILATION,
}
"""Short name to its answers."""
