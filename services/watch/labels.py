"""Feature names in the words of a ward: `slope_heart_rate_6h` is 'Heart rate, trend over 6 h'."""

import re
from typing import Final

from ray_jobs.risk.features import FEATURES
from schemas.codes import MEASUREMENTS

_FORMS: Final = (
    (r"last_(?P<what>.+)", "{what}"),
    (r"hours_since_(?P<what>.+)", "{what}, hours since last measured"),
    (r"count_(?P<what>.+)", "{what}, times measured"),
    (r"change_(?P<what>.+)", "{what}, change since the measurement before"),
    (r"mean_(?P<what>.+)_(?P<hours>\d+)h", "{what}, mean of {hours} h"),
    (r"min_(?P<what>.+)_(?P<hours>\d+)h", "{what}, lowest in {hours} h"),
    (r"max_(?P<what>.+)_(?P<hours>\d+)h", "{what}, highest in {hours} h"),
    (r"std_(?P<what>.+)_(?P<hours>\d+)h", "{what}, variation over {hours} h"),
    (r"slope_(?P<what>.+)_(?P<hours>\d+)h", "{what}, trend per hour over {hours} h"),
    (r"from_baseline_(?P<what>.+)", "{what}, change since admission"),
)
_WORDS: Final = {
    "shock_index": "Shock index (heart rate / systolic pressure)",
    "pulse_pressure": "Pulse pressure",
    "age_shock_index": "Shock index times age",
    "bun_creatinine": "Urea nitrogen / creatinine",
    "spo2_fio2": "SpO₂ / FiO₂",
    "sao2_fio2": "SaO₂ / FiO₂",
    "lactate_bicarbonate": "Lactate / bicarbonate",
    "qsofa_met": "qSOFA criteria met",
    "qsofa_known": "qSOFA criteria known",
    "sirs_met": "SIRS criteria met",
    "sirs_known": "SIRS criteria known",
    "sofa_partial": "SOFA points (as far as measured)",
    "measured_now": "Measurements this hour",
    "labs_recent": "Laboratory values in 12 h",
    "vitals_recent": "Vital signs in 12 h",
    "iculos": "Hours since admission to the unit",
    "age": "Age",
    "sex": "Sex",
    "unit1": "Medical intensive care",
    "unit2": "Surgical intensive care",
    "hosp_adm_time": "Hours in hospital before the unit",
}


def label(feature: str) -> str:
    """A feature's name for people; its own name where there are no words for it."""
    if feature in _WORDS:
        return _WORDS[feature]
    for form, words in _FORMS:
        found = re.fullmatch(form, feature)
        what = MEASUREMENTS.get(found["what"]) if found else None
        if found and what:
            return words.format(**{**found.groupdict(), "what": what.display})
    return feature


LABELS: Final[dict[str, str]] = {feature: label(feature) for feature in FEATURES}
