"""Runs ParticleForge where the package next to this file is installed from its wheel, too."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent / "package"


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """Folder with what the wheel of the package unpacks to, which is all that installing it does."""
    uv = os.environ.get("UV") or shutil.which("uv") or shutil.which("uv", path=Path.home() / ".local" / "bin")
    if uv is None:
        pytest.skip("uv builds the wheel")
    source, built, folder = (tmp_path_factory.mktemp(name) for name in ("source", "built", "installed"))
    shutil.copytree(PACKAGE, source, dirs_exist_ok=True)
    for offline in ("1", "0"):  # what builds it is in uv's cache, for it builds ParticleForge, too; else the network
        command = [uv, "build", "--wheel", "--quiet", "--out-dir", built, source]
        done = subprocess.run(command, env=os.environ | {"UV_OFFLINE": offline}, capture_output=True, text=True)
        if not done.returncode:
            break
    assert not done.returncode, done.stderr
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder)
    return folder


@pytest.fixture
def with_package(installed):
    """Call that runs Python with some arguments in a process that finds the package, and gives what it printed."""
    paths = [str(installed), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}

    def run(*words, fails=False):
        done = subprocess.run([sys.executable, *words], env=environment, capture_output=True, text=True)
        assert bool(done.returncode) == fails, done.stderr
        return done.stderr if fails else done.stdout

    return run
