"""Runs ParticleForge where the package next to this file is installed, too."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent / "package"
"""What a wheel unpacks to: a package and its metadata with entry points."""


@pytest.fixture
def with_package():
    """Call that runs Python with some arguments in a process that finds the package, and gives what it printed."""
    paths = [str(PACKAGE), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}

    def run(*words, fails=False):
        done = subprocess.run([sys.executable, *words], env=environment, capture_output=True, text=True)
        assert bool(done.returncode) == fails, done.stderr
        return done.stderr if fails else done.stdout

    return run
