"""Kinds of inputs: each module has `make(rng, folder, workshop) -> Case`; a new kind is a new file."""

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from fuzz.case import Case, Workshop

Make = Callable[[np.random.Generator, Path, Workshop], Case]


def kinds() -> dict[str, Make]:
    """All kinds by name, in the order of their names."""
    found = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: importlib.import_module(f"{__name__}.{name}").make for name in found}
