"""Compile functions with numba, also where there is no place to keep what was compiled."""

import os
from collections.abc import Callable
from typing import Any

import numba

_PLACES = ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")
_KEEP = any(name in os.environ for name in _PLACES) or os.path.isabs(os.path.expanduser("~"))
"""Without a home folder numba would make a folder called ~ where the program runs."""


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function without the interpreter's lock, and keep it next to its file or in the user's cache.

    Where neither can be written, as for a package in a container without a home folder, each process compiles it again;
    the environment variable ``NUMBA_CACHE_DIR`` names a folder for it.

    Parameters
    ----------
    **options
        Further options of `numba.njit`.
    """

    def compile_(function: Callable[..., Any]) -> Any:
        try:
            return numba.njit(cache=_KEEP, nogil=True, **options)(function)
        except RuntimeError:  # numba found no folder that can be written
            return numba.njit(nogil=True, **options)(function)

    return compile_
