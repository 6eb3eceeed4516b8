"""A package that cannot be written, used by somebody without a home folder, as in containers and on clusters."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import particleforge

STRANGER = 12345
"""Id of nobody that this machine knows."""


@pytest.fixture(scope="module")
def run():
    """Run a command as a stranger, with a copy of the package that cannot be written; in a folder of its own."""
    folder = Path(tempfile.mkdtemp())
    shutil.copytree(Path(particleforge.__file__).parent, folder / "ro" / "particleforge", ignore=_caches)
    (folder / "work").mkdir()
    (folder / "work").chmod(0o777)
    folder.chmod(0o755)
    subprocess.run(["chmod", "-R", "a-w,a+rX", folder / "ro"], check=True)
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "OMP_NUM_THREADS")}
    before = []
    if os.getuid() == 0:  # who may write everywhere
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            pytest.skip("setpriv is not there")
        before = [setpriv, f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups"]

    def run_(*words):
        return subprocess.run(
            [*before, sys.executable, *words],
            cwd=folder / "work",
            env=kept | {"PYTHONPATH": str(folder / "ro"), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )

    if run_("-c", "import numpy").returncode:
        pytest.skip("another user cannot run this Python")
    yield run_
    subprocess.run(["chmod", "-R", "u+w", folder], check=True)
    shutil.rmtree(folder, ignore_errors=True)


def _caches(_, names):
    return [name for name in names if name == "__pycache__"]


SPHERES = "particleforge/sample_data/spheres/annotated"
LEARN = ["--minutes", "0.1", "--training", "{steps: 1, batch_size: 1, patch_px: 64}", "--synthetic-per-image", "1"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="users and permissions differ")
@pytest.mark.parametrize(
    "words",
    [
        ["sizes", f"../ro/{SPHERES}/labels", "--out", "sizes"],
        ["measure", "threshold", f"../ro/{SPHERES}/images", "--out", "found"],
        ["learn", f"../ro/{SPHERES}", "--out", "model", *LEARN],
    ],
)
def test_commands_work_without_a_home_and_without_warnings(run, words):
    found = run("-m", "particleforge.cli", *words)
    assert found.returncode == 0, found.stderr
    for line in found.stderr.splitlines():  # nothing but progress
        assert line[:5].strip().endswith("%"), found.stderr
    folder = Path(run("-c", "import os; print(os.getcwd())").stdout.strip())
    assert words[words.index("--out") + 1] in {path.name for path in folder.iterdir()}
    assert not (folder / "~").exists()
