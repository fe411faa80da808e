"""Features that combine columns: ratios clinicians use, and the countable items of qSOFA, SIRS and SOFA.

qSOFA: Singer et al., JAMA 2016;315:801, box 4. SIRS: Bone et al., Chest 1992;101:1644. SOFA: Vincent et al., Intensive
Care Med 1996;22:707, table 3. Consciousness, urine and vasopressors are not in the grid and are left out.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ray_jobs.risk.grid import INDEX, WIDTH
from ray_jobs.risk.names import VITALS

HR, SPO2, TEMP, SBP, MAP, DBP, RESP = range(VITALS)
FIO2, PACO2, SAO2 = INDEX["fio2"], INDEX["paco2"], INDEX["sao2"]
BUN, CREATININE, WBC = INDEX["bun"], INDEX["creatinine"], INDEX["wbc"]
HCO3, LACTATE, PLATELETS = INDEX["bicarbonate"], INDEX["lactate"], INDEX["platelets"]
BILIRUBIN = INDEX["bilirubin_total"]

QSOFA_RESP, QSOFA_SBP = 22.0, 100.0
SIRS_HR, SIRS_RESP, SIRS_PACO2 = 90.0, 20.0, 32.0
SIRS_TEMP_LOW, SIRS_TEMP_HIGH = 36.0, 38.0
SIRS_WBC_LOW, SIRS_WBC_HIGH = 4.0, 12.0
# SOFA: a point for each bound passed.
SOFA_PLATELETS_BELOW = (150.0, 100.0, 50.0, 20.0)
SOFA_BILIRUBIN_FROM = (1.2, 2.0, 6.0, 12.0)
SOFA_CREATININE_FROM = (1.2, 2.0, 3.5, 5.0)
SOFA_MAP_BELOW = 70.0
RECENT_HOURS: Final = 12

Vector = NDArray[np.float64]


@njit(cache=True, error_model="numpy")
def fill_derived(last: Vector, grid: Vector, static: Vector, t: int, out: Vector) -> None:
    """Write DERIVED, in order, of the values last known [34], the grid up to row t and the static vector.

    What is missing meets no item: how much is known is a feature of its own.
    """
    out[0] = last[HR] / last[SBP]
    out[1] = last[SBP] - last[DBP]
    out[2] = static[0] * out[0]
    out[3] = last[BUN] / last[CREATININE]
    out[4] = last[SPO2] / last[FIO2]
    out[5] = last[SAO2] / last[FIO2]
    out[6] = last[LACTATE] / last[HCO3]
    out[7] = 1.0 * (last[RESP] >= QSOFA_RESP) + 1.0 * (last[SBP] <= QSOFA_SBP)
    out[8] = 1.0 * (not np.isnan(last[RESP])) + 1.0 * (not np.isnan(last[SBP]))
    temperature = last[TEMP] > SIRS_TEMP_HIGH or last[TEMP] < SIRS_TEMP_LOW
    breathing = last[RESP] > SIRS_RESP or last[PACO2] < SIRS_PACO2
    white_cells = last[WBC] > SIRS_WBC_HIGH or last[WBC] < SIRS_WBC_LOW
    out[9] = 1.0 * (last[HR] > SIRS_HR) + 1.0 * temperature + 1.0 * breathing + 1.0 * white_cells
    out[10] = 1.0 * (not np.isnan(last[HR])) + 1.0 * (not np.isnan(last[TEMP])) + 1.0 * (not np.isnan(last[WBC]))
    out[10] += 1.0 * (not (np.isnan(last[RESP]) and np.isnan(last[PACO2])))
    out[11] = 1.0 * (last[MAP] < SOFA_MAP_BELOW)
    for below in SOFA_PLATELETS_BELOW:
        out[11] += 1.0 * (last[PLATELETS] < below)
    for bound in SOFA_BILIRUBIN_FROM:
        out[11] += 1.0 * (last[BILIRUBIN] >= bound)
    for bound in SOFA_CREATININE_FROM:
        out[11] += 1.0 * (last[CREATININE] >= bound)
    out[12:15] = 0.0
    for row in range(max(0, t - RECENT_HOURS + 1), t + 1):
        for column in range(WIDTH):
            if not np.isnan(grid[row, column]):
                out[12] += 1.0 * (row == t)
                out[14 if column < VITALS else 13] += 1.0
    out[15] = t + 1.0
