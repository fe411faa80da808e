"""Which administered drugs are antibacterials for systemic use: ATC group J01, and RxNorm ingredients of it.

ATC (WHO Collaborating Centre) is a hierarchy, so its group is exact. Of RxNorm the ingredients most used against sepsis
are named; a product's code (strength, form) is none of them: an interface engine sends the ingredient, or ATC, beside
it.
"""

from types import MappingProxyType
from typing import Final

ATC: Final = "http://www.whocc.no/atc"
RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
SYSTEMIC: Final = "J01"
INGREDIENTS: Final = MappingProxyType(
    {
        "641": "amikacin", "723": "amoxicillin", "733": "ampicillin", "18631": "azithromycin", "1272": "aztreonam",
        "2180": "cefazolin", "20481": "cefepime", "2186": "cefotaxime", "2191": "ceftazidime", "2193": "ceftriaxone",
        "2194": "cefuroxime", "2348": "chloramphenicol", "2551": "ciprofloxacin", "21212": "clarithromycin",
        "2582": "clindamycin", "22299": "daptomycin", "3640": "doxycycline", "325642": "ertapenem",
        "4053": "erythromycin", "1596450": "gentamicin", "82122": "levofloxacin", "190376": "linezolid",
        "29561": "meropenem", "6922": "metronidazole", "139462": "moxifloxacin", "7233": "nafcillin",
        "7773": "oxacillin", "8339": "piperacillin", "10180": "sulfamethoxazole", "10627": "tobramycin",
        "10829": "trimethoprim", "11124": "vancomycin",
    }
)  # fmt: skip
"""RxNorm concept (RXCUI) to its name."""


def is_antibiotic(system: str, code: str) -> bool:
    """Whether a code of a code system (its URI) is one of them."""
    if system == ATC:
        return code.upper().startswith(SYSTEMIC)
    return system == RXNORM and code in INGREDIENTS
