"""What importing costs, and examples of docstrings."""

import doctest
import importlib
import subprocess
import sys

import pytest

HEAVY = {"pandas", "pyarrow", "scipy", "zarr", "matplotlib", "tifffile", "PIL"}


@pytest.mark.parametrize("name", ["results", "results_folder", "rules", "particles", "distribution"])
def test_measurement_is_imported_without_pandas_and_scipy(name):
    code = f"import particleforge.measurement.{name}, sys; print(sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["column", "columns", "distribution", "particles"])
def test_examples_run(name):
    found = doctest.testmod(importlib.import_module(f"particleforge.measurement.{name}"))
    assert (found.failed, found.attempted > 0) == (0, True)
