"""What a killed napari loses: at most the last second."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import particleforge
from particleforge.store.particle_files import read_particles
from particleforge.store.project import PARTICLES

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("display")]

SPHERES = Path(particleforge.__file__).parent / "sample_data" / "spheres" / "more"
NAME, COUNT = "spheres_1", 56
SCRIPT = """
import sys
import napari
from qtpy.QtCore import QTimer
from particleforge.widgets.bench.bench import Bench

viewer = napari.Viewer()
bench = Bench(viewer)
viewer.window.add_dock_widget(bench)

def erase():
    work = bench.state.work
    work.history.erase([min(work.history.places.ids)])

def begin():
    if bench.state.work is None:
        return QTimer.singleShot(50, begin)
    bench.state.work.saver.saved.connect(lambda: (print("saved", flush=True), erase()))
    erase()

from pathlib import Path
bench.open(Path(sys.argv[1]))
begin()
napari.run()
"""


def test_a_killed_napari_loses_at_most_the_last_second(tmp_path):
    folder = tmp_path / "gold"
    shutil.copytree(SPHERES / "images", folder)
    (folder / PARTICLES).mkdir()
    shutil.copy(SPHERES / "labels" / f"{NAME}.tif", folder / PARTICLES)
    env = os.environ | {"HOME": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder)], stdout=subprocess.PIPE, text=True, env=env
    ) as child:
        for _ in range(3):
            assert child.stdout is not None and child.stdout.readline() == "saved\n"
        child.send_signal(signal.SIGKILL)
    found = read_particles(folder / PARTICLES, NAME)
    assert COUNT - 4 <= len(np.unique(found.labels)) - 1 <= COUNT - 3
    assert found.origin.count == len(np.unique(found.labels)) - 1
    assert not list((folder / PARTICLES).glob("*.part*"))
