"""LightGBM's C interface, the few calls that scoring needs (LightGBM/include/LightGBM/c_api.h).

The package `lightgbm` imports pandas, scipy and scikit-learn, 70-110 MB and seconds of CPU in each replica; its library
needs none of them, and both give the same bits (tests/ray_jobs/risk/test_trees.py).
"""

from __future__ import annotations

import ctypes
import importlib.util
import weakref
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FLOAT64: Final = 1
RAW_SCORE: Final = 1


class BoosterError(Exception):
    """LightGBM refused; the text is its own."""


@cache
def _library() -> ctypes.CDLL:
    spec = importlib.util.find_spec("lightgbm")
    if spec is None or spec.origin is None:
        raise BoosterError("the package lightgbm is not installed")
    root = Path(spec.origin).parent
    found = [path for name in ("so", "dylib") for path in root.glob(f"*/lib_lightgbm.{name}")]
    if not found:
        raise BoosterError(f"no lib_lightgbm beside {spec.origin}")
    library = ctypes.CDLL(str(found[0]))
    library.LGBM_GetLastError.restype = ctypes.c_char_p
    return library


def _call(function: str, *arguments: object) -> None:
    library = _library()
    if library[function](*arguments) != 0:
        raise BoosterError(library.LGBM_GetLastError().decode())


class Booster:
    """A trained model read from LightGBM's text format. Calls may come from several threads at once."""

    def __init__(self, path: Path) -> None:
        """Raises BoosterError when the file cannot be read."""
        self._handle = ctypes.c_void_p()
        trees = ctypes.c_int(0)
        _call("LGBM_BoosterCreateFromModelfile", str(path).encode(), ctypes.byref(trees), ctypes.byref(self._handle))
        weakref.finalize(self, _library().LGBM_BoosterFree, self._handle)
        width = ctypes.c_int(0)
        _call("LGBM_BoosterGetNumFeature", self._handle, ctypes.byref(width))
        self.trees, self.width = trees.value, width.value

    def raw(self, rows: Floats) -> Floats:
        """Sum of the trees, float64 [n], of rows [n, width]; raises BoosterError for another width."""
        # LightGBM reads memory by these numbers: a wrong shape must not reach it.
        if rows.ndim != 2 or rows.shape[1] != self.width:  # noqa: PLR2004 - a matrix
            raise BoosterError(f"rows are {rows.shape}, wanted [any, {self.width}]")
        rows = np.ascontiguousarray(rows, dtype=np.float64)
        out = np.empty(len(rows))
        if len(rows):
            written = ctypes.c_int64(0)
            _call(
                "LGBM_BoosterPredictForMat",
                self._handle,
                rows.ctypes.data_as(ctypes.c_void_p),
                ctypes.c_int(FLOAT64),
                ctypes.c_int32(len(rows)),
                ctypes.c_int32(self.width),
                ctypes.c_int(1),  # row by row
                ctypes.c_int(RAW_SCORE),
                ctypes.c_int(0),  # from the first tree
                ctypes.c_int(-1),  # to the last
                b"num_threads=1 verbosity=-1",
                ctypes.byref(written),
                out.ctypes.data_as(ctypes.POINTER(ctypes.c_double)),
            )
            if written.value != out.size:
                raise BoosterError(f"{written.value} values were predicted, wanted {out.size}")
        return out
