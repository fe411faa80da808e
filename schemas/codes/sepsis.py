"""Which coded diagnoses are sepsis (SNOMED CT, ICD-10 and ICD-10-CM)."""

from typing import Final

from schemas.codes.coded import SNOMED

SEPSIS_SNOMED: Final = frozenset({"91302008", "76571007", "10001005"})
"""Sepsis; septic shock; bacterial sepsis."""
SEPSIS_ICD10: Final = ("A40", "A41", "R65.2")
"""Streptococcal and other sepsis; severe sepsis (ICD-10-CM)."""


def is_sepsis(system: str, code: str) -> bool:
    """Whether a code of a code system (its URI) is one of them."""
    if system == SNOMED:
        return code in SEPSIS_SNOMED
    return "icd-10" in system and code.startswith(SEPSIS_ICD10)
