"""How the search's functions are compiled: without the interpreter's lock, callable from one another only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., object])
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
INNER: dict[str, Any] = OPTIONS | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""Without the wrappers for Python, which nobody calls, compiling takes a quarter less."""


def inner(function: Function) -> Function:
    """Compile with whoever calls it, and only then."""
    return cast("Function", njit(**INNER)(function))


def entry(function: Function) -> Function:
    """Compile once and keep it in numba's cache: to be called from Python."""
    return cast("Function", njit(cache=True, **OPTIONS)(function))
