"""Units as v2 senders spell them → UCUM: ISO+ and ANSI+ (v2.9, 7.18.4.1, tables of ISO 2955 and ANSI X3.50), monitors.

Only spellings that can mean one thing. Looked up as written, then in lower case; any other unit goes on as it is, and
what cannot be read as a unit of the measurement is quarantined.
"""

from collections.abc import Mapping
from typing import Final

UNITS: Final[Mapping[str, str]] = {
    "bpm": "/min", "/min": "/min", "1/min": "/min", "min-1": "/min", "beats/min": "/min", "beats/minute": "/min",
    "beat/min": "/min", "breaths/min": "/min", "breaths/minute": "/min", "br/min": "/min", "rpm": "/min",
    "resp/min": "/min", "mmhg": "mm[Hg]", "mm(hg)": "mm[Hg]", "mm hg": "mm[Hg]", "kpa": "kPa",
    "cel": "Cel", "degc": "Cel", "deg c": "Cel", "c": "Cel", "°c": "Cel", "degf": "[degF]", "deg f": "[degF]",
    "°f": "[degF]", "%": "%", "l/min": "L/min", "lpm": "L/min", "mmol/l": "mmol/L", "umol/l": "umol/L",
    "mg/dl": "mg/dL", "g/dl": "g/dL", "g/l": "g/L", "ug/l": "ug/L", "ng/ml": "ng/mL", "ng/l": "ng/L", "iu/l": "[IU]/L",
    "u/l": "U/L", "meq/l": "meq/L", "10*3/ul": "10*3/uL", "10*9/l": "10*9/L", "x10e9/l": "10*9/L", "10^9/l": "10*9/L",
    "10^3/ul": "10*3/uL", "k/ul": "10*3/uL", "x10e3/ul": "10*3/uL", "thou/ul": "10*3/uL", "s": "s", "sec": "s",
    "ml": "mL", "kg": "kg", "cm": "cm", "{score}": "{score}", "score": "{score}",
}  # fmt: skip
