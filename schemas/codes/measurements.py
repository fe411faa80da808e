"""What can be measured: our short names, LOINC codes, UCUM units, plausible limits and words for the console.

Limits are physical: beyond them a value is no measurement but a fault of the sender, and is quarantined. They hold
at least the range of the hourly grid (`ray_jobs.risk.grid`), which is narrower. Conversion factors between mass and
substance concentration follow the molar masses given beside them (g/mol, IUPAC standard atomic weights).
"""

from typing import Final, Literal, NamedTuple

from schemas.codes.units import FAHRENHEIT, KELVIN, SAME, Conversion, times

Kind = Literal["vital", "laboratory", "assessment"]


class Measurement(NamedTuple):
    """One thing that can be measured; `unit` is its canonical UCUM unit, `units` all that are understood."""

    name: str
    display: str
    short: str
    kind: Kind
    unit: str
    shown_unit: str
    decimals: int
    low: float
    high: float
    loinc: tuple[str, ...]
    units: dict[str, Conversion]


def _m(  # noqa: PLR0917 - a row of the table below
    name: str,
    display: str,
    short: str,
    kind: Kind,
    unit: str,
    shown: str,
    decimals: int,
    limits: tuple[float, float],
    loinc: str,
    same: str = "",
    **other: Conversion,
) -> Measurement:
    """A row; `same` lists other spellings of the canonical unit, `other` maps aliases below to conversions."""
    units = {unit: SAME, **dict.fromkeys(same.split(), SAME)}
    for alias, conversion in other.items():
        units.update(dict.fromkeys(_ALIASES[alias], conversion))
    return Measurement(name, display, short, kind, unit, shown, decimals, *limits, tuple(loinc.split()), units)


_ALIASES: Final[dict[str, tuple[str, ...]]] = {
    "degf": ("[degF]", "degF"),
    "kelvin": ("K",),
    "kpa": ("kPa",),
    "percent": ("%",),
    "ratio": ("1", "{ratio}", "L/L", "l/l"),
    "mmol": ("mmol/L", "mmol/l"),
    "umol": ("umol/L", "umol/l"),
    "meq": ("meq/L", "meq/l"),
    "mg_dl": ("mg/dL", "mg/dl"),
    "g_l": ("g/L", "g/l"),
    "ng_l": ("ng/L", "ng/l", "pg/mL", "pg/ml"),
    "per_ul": ("/uL", "/ul", "{cells}/uL"),
    "litre": ("L", "l"),
    "gram": ("g",),
    "pound": ("[lb_av]",),
    "metre": ("m",),
    "inch": ("[in_i]",),
}
_PRESSURE = "mmHg"
_PER_MINUTE = "{beats}/min {breaths}/min {Beats}/min 1/min bpm"
_CELLS = "10*9/L 10*9/l 10^3/uL 10^9/L 10*3/mm3 K/uL"
_ENZYME = "U/l [IU]/L [iU]/L IU/L"
_SUBSTANCE = "mmol/l meq/L meq/l"
_MASS = "mg/dl"

_TABLE: Final = (
    # Vital signs: HL7 FHIR R4 "Observation Vital Signs", and the codes monitors use beside them.
    _m("heart_rate", "Heart rate", "HR", "vital", "/min", "/min", 0, (0, 400),
       "8867-4 8889-8 8893-0 76282-3", _PER_MINUTE),
    _m("spo2", "Oxygen saturation (pulse oximetry)", "SpO₂", "vital", "%", "%", 0, (0, 100),
       "59408-5 2708-6", "%{SaturationO2}", ratio=times("100")),
    _m("temperature", "Body temperature", "Temp", "vital", "Cel", "°C", 1, (10, 50),
       "8310-5 8331-1 8332-9 8333-7 8328-7 8329-5 75539-7 76011-6", "degC °C", degf=FAHRENHEIT, kelvin=KELVIN),
    _m("systolic_bp", "Systolic blood pressure", "SBP", "vital", "mm[Hg]", "mmHg", 0, (0, 400),
       "8480-6 8459-0 8460-8 8461-6 76215-3 76534-7", _PRESSURE, kpa=times("7.50062")),
    _m("mean_bp", "Mean arterial pressure", "MAP", "vital", "mm[Hg]", "mmHg", 0, (0, 400),
       "8478-0 76214-6 76536-2", _PRESSURE, kpa=times("7.50062")),
    _m("diastolic_bp", "Diastolic blood pressure", "DBP", "vital", "mm[Hg]", "mmHg", 0, (0, 400),
       "8462-4 8453-3 8454-1 8455-8 76213-8 76535-4", _PRESSURE, kpa=times("7.50062")),
    _m("respiratory_rate", "Respiratory rate", "RR", "vital", "/min", "/min", 0, (0, 150),
       "9279-1 76270-8 76171-8", _PER_MINUTE),
    _m("etco2", "End-tidal carbon dioxide", "EtCO₂", "vital", "mm[Hg]", "mmHg", 0, (0, 250),
       "19891-1 19889-5", _PRESSURE, kpa=times("7.50062")),
    # Blood gas
    _m("base_excess", "Base excess", "BE", "laboratory", "mmol/L", "mmol/L", 1, (-100, 100),
       "11555-0 1925-7 1927-3", _SUBSTANCE),
    _m("bicarbonate", "Bicarbonate", "HCO₃", "laboratory", "mmol/L", "mmol/L", 0, (0, 150),
       "1963-8 1960-4 1959-6 14627-4 2028-9 20565-8", _SUBSTANCE),
    _m("fio2", "Inspired oxygen fraction", "FiO₂", "vital", "1", "", 2, (0, 1),
       "3150-6 19994-3 19996-8", "{ratio} L/L l/l {fraction}", percent=times("0.01")),
    _m("ph", "pH", "pH", "laboratory", "[pH]", "", 2, (6, 8.5), "2744-1 11558-4 2746-6", "pH {pH} 1"),
    _m("paco2", "Arterial carbon dioxide", "PaCO₂", "laboratory", "mm[Hg]", "mmHg", 0, (0, 300),
       "2019-8 11557-6", _PRESSURE, kpa=times("7.50062")),
    _m("sao2", "Oxygen saturation (blood gas)", "SaO₂", "laboratory", "%", "%", 0, (0, 100),
       "20564-1 2713-6 51733-4", "%{SaturationO2}", ratio=times("100")),
    # Laboratory
    _m("ast", "Aspartate aminotransferase", "AST", "laboratory", "U/L", "U/L", 0, (0, 100000),
       "1920-8 30239-8 88112-8", _ENZYME),
    _m("bun", "Urea nitrogen", "BUN", "laboratory", "mg/dL", "mg/dL", 0, (0, 500),
       "3094-0 6299-2 14937-7 22664-7", _MASS, mmol=times("2.8014")),  # two nitrogen atoms, 28.014
    _m("alkaline_phosphatase", "Alkaline phosphatase", "ALP", "laboratory", "U/L", "U/L", 0, (0, 50000),
       "6768-6 1783-0", _ENZYME),
    _m("calcium", "Calcium", "Ca", "laboratory", "mg/dL", "mg/dL", 1, (0, 40),
       "17861-6 49765-1 2000-8", _MASS, mmol=times("4.0078"), meq=times("2.0039")),  # 40.078
    _m("chloride", "Chloride", "Cl", "laboratory", "mmol/L", "mmol/L", 0, (10, 250), "2075-0 2069-3", _SUBSTANCE),
    _m("creatinine", "Creatinine", "Crea", "laboratory", "mg/dL", "mg/dL", 2, (0, 100),
       "2160-0 38483-4 14682-9", _MASS, umol=times("0.011312")),  # 113.12
    _m("bilirubin_direct", "Bilirubin, direct", "Bili d.", "laboratory", "mg/dL", "mg/dL", 1, (0, 100),
       "1968-7 14629-0", _MASS, umol=times("0.058466")),  # 584.66
    _m("glucose", "Glucose", "Gluc", "laboratory", "mg/dL", "mg/dL", 0, (0, 3000),
       "2345-7 2339-0 2340-8 41653-7 32016-8 14749-6 15074-8", _MASS, mmol=times("18.0156")),  # 180.156
    _m("lactate", "Lactate", "Lac", "laboratory", "mmol/L", "mmol/L", 1, (0, 60),
       "2524-7 32693-4 2518-9 2519-7 14118-4", "mmol/l", mg_dl=Conversion(times("1").factor / times("9.008").factor)),
    _m("magnesium", "Magnesium", "Mg", "laboratory", "mg/dL", "mg/dL", 1, (0, 30),
       "19123-9 2601-3", _MASS, mmol=times("2.4305"), meq=times("1.21525")),  # 24.305
    _m("phosphate", "Phosphate", "PO₄", "laboratory", "mg/dL", "mg/dL", 1, (0, 60),
       "2777-1 14879-1", _MASS, mmol=times("3.0974")),  # 30.974
    _m("potassium", "Potassium", "K", "laboratory", "mmol/L", "mmol/L", 1, (0.1, 40), "2823-3 6298-4", _SUBSTANCE),
    _m("bilirubin_total", "Bilirubin, total", "Bili", "laboratory", "mg/dL", "mg/dL", 1, (0, 120),
       "1975-2 42719-5 14631-6", _MASS, umol=times("0.058466")),
    _m("troponin_i", "Troponin I", "TnI", "laboratory", "ng/mL", "ng/mL", 2, (0, 5000),
       "10839-9 42757-5 49563-0 89579-7", "ng/ml ug/L ug/l", ng_l=times("0.001")),
    _m("hematocrit", "Haematocrit", "Hct", "laboratory", "%", "%", 0, (0, 100),
       "4544-3 20570-8 4545-0 48703-3", "", ratio=times("100")),
    _m("hemoglobin", "Haemoglobin", "Hb", "laboratory", "g/dL", "g/dL", 1, (0, 40),
       "718-7 20509-6 30313-1 30350-3 59260-0", "g/dl", g_l=times("0.1"), mmol=times("1.6114")),  # Hb(Fe) 16114
    _m("ptt", "Partial thromboplastin time", "aPTT", "laboratory", "s", "s", 0, (0, 600), "14979-9 3173-2", "sec"),
    _m("wbc", "White blood cells", "WBC", "laboratory", "10*3/uL", "10³/µL", 1, (0, 1500),
       "6690-2 26464-8 804-5", _CELLS, per_ul=times("0.001")),
    _m("fibrinogen", "Fibrinogen", "Fib", "laboratory", "mg/dL", "mg/dL", 0, (0, 5000),
       "3255-7 3256-5 48664-7", _MASS, g_l=times("100")),
    _m("platelets", "Platelets", "Plt", "laboratory", "10*3/uL", "10³/µL", 0, (0, 10000),
       "777-3 26515-7 778-1", _CELLS, per_ul=times("0.001")),
    # Beyond the 34 of the challenge
    _m("consciousness", "Consciousness (ACVPU)", "ACVPU", "assessment", "{score}", "", 0, (0, 1), "67775-7 80288-4"),
    _m("supplemental_oxygen", "Supplemental oxygen", "O₂", "assessment", "{score}", "", 0, (0, 1), "3151-8"),
    _m("pao2", "Arterial oxygen", "PaO₂", "laboratory", "mm[Hg]", "mmHg", 0, (0, 800),
       "2703-7 11556-8", _PRESSURE, kpa=times("7.50062")),
    _m("sodium", "Sodium", "Na", "laboratory", "mmol/L", "mmol/L", 0, (50, 250), "2951-2 2947-0", _SUBSTANCE),
    _m("albumin", "Albumin", "Alb", "laboratory", "g/dL", "g/dL", 1, (0, 15), "1751-7", "g/dl", g_l=times("0.1")),
    _m("alt", "Alanine aminotransferase", "ALT", "laboratory", "U/L", "U/L", 0, (0, 100000), "1742-6 1744-2", _ENZYME),
    _m("glasgow_coma_score", "Glasgow coma score", "GCS", "assessment", "{score}", "", 0, (3, 15), "9269-2", "1"),
    _m("urine_output", "Urine output", "Urine", "assessment", "mL", "mL", 0, (0, 20000), "9187-6", "ml",
       litre=times("1000")),
    # Named by SNOMED CT (schemas.codes.coded): LOINC has modes of ventilation, not whether there is any.
    _m("mechanical_ventilation", "Mechanical ventilation", "Vent", "assessment", "{score}", "", 0, (0, 1), ""),
    _m("weight", "Body weight", "Weight", "assessment", "kg", "kg", 1, (0.2, 700), "29463-7 3141-9 3142-7", "Kg",
       gram=times("0.001"), pound=times("0.45359237")),
    _m("height", "Body height", "Height", "assessment", "cm", "cm", 0, (20, 280), "8302-2 3137-7 3138-5 8306-3", "",
       metre=times("100"), inch=times("2.54")),
    _m("cholesterol", "Cholesterol, total", "Chol", "laboratory", "mg/dL", "mg/dL", 0, (0, 3000),
       "2093-3 14647-2", _MASS, mmol=times("38.665")),  # 386.65
    _m("troponin_t", "Troponin T", "TnT", "laboratory", "ng/mL", "ng/mL", 2, (0, 5000),
       "6598-7 48425-3 67151-1", "ng/ml ug/L ug/l", ng_l=times("0.001")),
)  # fmt: skip

MEASUREMENTS: Final[dict[str, Measurement]] = {m.name: m for m in _TABLE}
"""Every measurement by its short name."""

BY_LOINC: Final[dict[str, Measurement]] = {code: m for m in _TABLE for code in m.loinc}
"""Every understood LOINC code."""

PULSE_OXIMETRY_OR_GAS: Final = "2708-6"
"""LOINC's arterial saturation: vital signs profiles use it for the pulse oximeter, laboratories for the gas."""


def measurement(loinc: str, *, laboratory: bool = False) -> Measurement | None:
    """What a LOINC code means here, or None; `laboratory` says that a laboratory reported it."""
    if laboratory and loinc == PULSE_OXIMETRY_OR_GAS:
        return MEASUREMENTS["sao2"]
    return BY_LOINC.get(loinc)
