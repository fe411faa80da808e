"""The feature vector of a whole course at an hour, over both grids (model `deterioration`; design, rule 7).

Row t is a function of rows 0..t and the static vector only; loops run in one fixed order and without fast-math.
SOFA: Vincent et al., Intensive Care Med 1996;22:707, table 3. SAPS-I: Le Gall et al., Crit Care Med 1984;12:975.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ray_jobs.risk.course_names import COURSE_COLUMNS, DERIVED, FEATURES, RECENT, RECENT_HOURS, STATIC, WHOLE
from ray_jobs.risk.grid import EXTRA_INDEX, EXTRA_WIDTH, INDEX, WIDTH

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

# Column numbers in the grid, or WIDTH + number in the extra grid.
_AT = np.array([INDEX[name] if name in INDEX else WIDTH + EXTRA_INDEX[name] for name in COURSE_COLUMNS])
_ROW = {name: i for i, name in enumerate(COURSE_COLUMNS)}
_N, _W, _R = len(COURSE_COLUMNS), len(WHOLE), len(RECENT)
HR, SBP, MAP, RESP, TEMP = (
    _ROW[n] for n in ("heart_rate", "systolic_bp", "mean_bp", "respiratory_rate", "temperature")
)
FIO2, PAO2, GCS, URINE, VENT = (
    _ROW[n] for n in ("fio2", "pao2", "glasgow_coma_score", "urine_output", "mechanical_ventilation")
)
WEIGHT, HEIGHT, BUN, CREATININE = (_ROW[n] for n in ("weight", "height", "bun", "creatinine"))
PLATELETS, BILIRUBIN, WBC, HCT = (_ROW[n] for n in ("platelets", "bilirubin_total", "wbc", "hematocrit"))
POTASSIUM, SODIUM, GLUCOSE, BICARBONATE = (_ROW[n] for n in ("potassium", "sodium", "glucose", "bicarbonate"))
LAST, SINCE, COUNT, FIRST, MEAN, MIN, MAX, STD, SLOPE = range(_W)
TYPICAL_KG = 80.0
DAY = 24
# A ventilator that was noted is believed on for this long.
VENTILATED_HOURS = 6


@njit(cache=True, error_model="numpy")
def _course(values: Vector, t: int, out: Vector) -> None:
    """WHOLE of one column's rows 0..t."""
    n, total, hour_total = 0, 0.0, 0.0
    out[:] = np.nan
    out[COUNT] = 0.0
    for row in range(t + 1):
        value = values[row]
        if not np.isnan(value):
            if n == 0:
                out[FIRST] = out[MIN] = out[MAX] = value
            n += 1
            total += value
            hour_total += row
            out[LAST] = value
            out[SINCE] = t - row
            out[MIN] = min(out[MIN], value)
            out[MAX] = max(out[MAX], value)
    if n == 0:
        return
    mean, hour_mean = total / n, hour_total / n
    squares, hour_squares, products = 0.0, 0.0, 0.0
    for row in range(t + 1):
        value = values[row]
        if not np.isnan(value):
            squares += (value - mean) * (value - mean)
            hour_squares += (row - hour_mean) * (row - hour_mean)
            products += (row - hour_mean) * (value - mean)
    out[COUNT], out[MEAN] = n, mean
    if n > 1:
        out[STD], out[SLOPE] = np.sqrt(squares / (n - 1)), products / hour_squares


@njit(cache=True, error_model="numpy")
def _recent(values: Vector, t: int, hours: int, out: Vector) -> None:
    """RECENT of one column's rows (t - hours, t]."""
    n, total = 0, 0.0
    out[:] = np.nan
    for row in range(max(0, t - hours + 1), t + 1):
        value = values[row]
        if not np.isnan(value):
            out[1] = value if n == 0 else min(out[1], value)
            out[2] = value if n == 0 else max(out[2], value)
            n += 1
            total += value
    if n:
        out[0] = total / n


@njit(cache=True, error_model="numpy")
def _below(value: float, bounds: tuple[float, ...]) -> float:
    points = 0.0
    for bound in bounds:
        points += 1.0 * (value < bound)
    return points


@njit(cache=True, error_model="numpy")
def _from(value: float, bounds: tuple[float, ...]) -> float:
    points = 0.0
    for bound in bounds:
        points += 1.0 * (value >= bound)
    return points


@njit(cache=True, error_model="numpy")
def _off(low: float, high: float, below: tuple[float, ...], above: tuple[float, ...]) -> float:
    """Points of a value that is bad in both directions: the worse of its lowest and highest."""
    return max(_below(low, below), _from(high, above))


@njit(cache=True, error_model="numpy")
def _derive(c: Matrix, columns: Matrix, static: Vector, t: int, out: Vector) -> None:
    """DERIVED of the courses [columns, WHOLE]; what is missing adds no points."""
    kg = c[WEIGHT, MEAN] if not np.isnan(c[WEIGHT, MEAN]) else TYPICAL_KG
    urine, ventilated, pf, worst_pf, shock, measured = 0.0, 0.0, np.nan, np.nan, np.nan, 0.0
    fio2 = np.nan
    for row in range(t + 1):
        if not np.isnan(columns[URINE, row]) and row > t - DAY:
            urine += columns[URINE, row]
        ventilated += 1.0 * (columns[VENT, row] > 0)
        if not np.isnan(columns[FIO2, row]):
            fio2 = columns[FIO2, row]
        if not np.isnan(columns[PAO2, row]):
            pf = columns[PAO2, row] / fio2
            if np.isnan(worst_pf) or pf < worst_pf:
                worst_pf = pf
        index = columns[HR, row] / columns[SBP, row]
        if not np.isnan(index) and (np.isnan(shock) or index > shock):
            shock = index
        for column in range(len(c)):
            measured += 1.0 * (not np.isnan(columns[column, row]))
    out[0] = urine / kg if c[URINE, COUNT] > 0 else np.nan
    out[1] = out[0] / min(t + 1, DAY)
    out[2], out[3] = pf, worst_pf
    out[4], out[5] = c[HR, LAST] / c[SBP, LAST], shock
    out[6] = c[BUN, LAST] / c[CREATININE, LAST]
    out[7] = c[GCS, LAST] - c[GCS, MIN]
    out[8] = static[0] * (15.0 - c[GCS, LAST])
    out[9] = kg / (c[HEIGHT, LAST] / 100.0) ** 2
    out[10] = 1.0 * (c[VENT, LAST] > 0 and c[VENT, SINCE] < VENTILATED_HOURS)
    out[11] = ventilated
    sofa = _below(c[PLATELETS, MIN], (150.0, 100.0, 50.0, 20.0)) + _from(c[BILIRUBIN, MAX], (1.2, 2.0, 6.0, 12.0))
    sofa += _from(c[CREATININE, MAX], (1.2, 2.0, 3.5, 5.0)) + _below(c[GCS, LAST], (15.0, 13.0, 10.0, 6.0))
    sofa += _below(worst_pf, (400.0, 300.0, 200.0, 100.0)) + _below(c[MAP, MIN], (70.0,))
    out[12] = sofa
    saps = _from(static[0], (46.0, 56.0, 66.0, 76.0)) + _below(c[GCS, MIN], (13.0, 10.0, 7.0, 4.0))
    saps += _off(c[HR, MIN], c[HR, MAX], (70.0, 55.0, 40.0), (110.0, 140.0, 180.0))
    saps += _off(c[SBP, MIN], c[SBP, MAX], (80.0, 80.0, 55.0), (150.0, 150.0, 190.0))
    saps += _off(c[TEMP, MIN], c[TEMP, MAX], (36.0, 34.0, 32.0, 30.0), (38.5, 39.0, 39.0, 41.0))
    saps += _off(c[RESP, MIN], c[RESP, MAX], (12.0, 10.0, 6.0), (25.0, 35.0, 50.0))
    saps += _from(c[BUN, MAX], (21.0, 81.0, 101.0, 154.0)) + _off(
        c[WBC, MIN], c[WBC, MAX], (3.0, 1.0), (15.0, 20.0, 40.0)
    )
    saps += _off(c[HCT, MIN], c[HCT, MAX], (30.0, 30.0, 20.0), (46.0, 50.0, 60.0))
    saps += _off(c[POTASSIUM, MIN], c[POTASSIUM, MAX], (3.5, 3.0, 2.5), (5.5, 6.0, 7.0))
    saps += _off(c[SODIUM, MIN], c[SODIUM, MAX], (130.0, 120.0, 110.0), (151.0, 156.0, 161.0, 180.0))
    saps += _off(c[BICARBONATE, MIN], c[BICARBONATE, MAX], (20.0, 10.0, 5.0), (30.0, 40.0, 40.0))
    out[13] = saps + 3.0 * out[10]
    out[14], out[15] = measured, t + 1.0


@njit(cache=True, error_model="numpy")
def _fill(grid: Matrix, extra: Matrix, static: Vector, t: int, out: Vector) -> None:
    columns = np.empty((_N, t + 1))
    for i in range(_N):
        for row in range(t + 1):
            columns[i, row] = grid[row, _AT[i]] if _AT[i] < WIDTH else extra[row, _AT[i] - WIDTH]
    whole = out[: _N * _W].reshape(_N, _W)
    at = _N * _W
    for i in range(_N):
        _course(columns[i], t, whole[i])
        for hours in RECENT_HOURS:
            _recent(columns[i], t, hours, out[at : at + _R])
            at += _R
    _derive(whole, columns, static, t, out[at : at + len(DERIVED)])
    out[at + len(DERIVED) :] = static


@njit(cache=True, error_model="numpy", nogil=True)
def _rows(grid: Matrix, extra: Matrix, static: Vector, hours: NDArray[np.int64]) -> Matrix:
    out = np.empty((len(hours), len(FEATURES)))
    for i in range(len(hours)):
        _fill(grid, extra, static, hours[i], out[i])
    return out


def course_rows(grid: Matrix, extra: Matrix, static: Vector, hours: NDArray[np.int64]) -> Matrix:
    """Features [len(hours), len(FEATURES)] at the given rows of a grid [h, 34] and an extra grid [h, EXTRA_WIDTH].

    static is float64 [5] in the order of course_names.STATIC. Raises IndexError when the grids have no such row,
    ValueError when a shape is wrong.
    """
    _check(grid, extra, static)
    if len(hours) and not (hours.min() >= 0 and hours.max() < len(grid)):
        message = f"rows {hours.min()} to {hours.max()} of a grid of {len(grid)} hours"
        raise IndexError(message)
    rows: Matrix = _rows(grid, extra, static, hours.astype(np.int64))
    return rows


def course_row(grid: Matrix, extra: Matrix, static: Vector, t: int) -> Vector:
    """Features [len(FEATURES)] at row t: the same bits as in `course_rows`."""
    row: Vector = course_rows(grid, extra, static, np.array([t], dtype=np.int64))[0]
    return row


def _check(grid: Matrix, extra: Matrix, static: Vector) -> None:
    # Contiguous float64 only: another layout would compile a second version of the functions above.
    for name, array, width in (("grid", grid, WIDTH), ("extra grid", extra, EXTRA_WIDTH)):
        if array.shape[1:] != (width,) or array.dtype != np.float64 or not array.flags.c_contiguous:
            message = f"the {name} is contiguous float64 [hours, {width}], not {array.dtype} {array.shape}"
            raise ValueError(message)
    if len(grid) != len(extra):
        message = f"the grids have {len(grid)} and {len(extra)} hours"
        raise ValueError(message)
    if static.shape != (len(STATIC),) or static.dtype != np.float64 or not static.flags.c_contiguous:
        message = f"a static vector is float64 [{len(STATIC)}], not {static.dtype} {static.shape}"
        raise ValueError(message)
