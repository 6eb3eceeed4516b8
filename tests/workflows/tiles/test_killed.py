"""A run that is killed continues, and gives the bytes of one that was not."""

import os
import subprocess
import sys
import time

import pytest
import tifffile
from tests.workflows.tiles.test_search import scene

OPTIONS = {"scale": 1.0, "tile_px": 256, "engine": "torch"}
PARAMS = {"options": OPTIONS, "tiles_from_mp": 0, "reports": False, "pixel_size": "2 nm"}
RUN = f"""
import sys
from particleforge import measure
from particleforge.workflows.measure import MeasureParams
measure("base", sys.argv[1], sys.argv[2], MeasureParams.parse({PARAMS}))
"""


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


@pytest.mark.slow
def test_killed_runs_continue_with_the_same_bytes(tmp_path):
    image, out = tmp_path / "large.tif", tmp_path / "out"
    tifffile.imwrite(image, scene(5, shape=(300, 420)))

    def started(folder):  # sums of another number of threads differ in their last digits
        env = {**os.environ, "OMP_NUM_THREADS": "1"}
        return subprocess.Popen([sys.executable, "-c", RUN, str(image), str(folder)], env=env)

    for written in (1, 6, 11):
        process = started(out)
        while process.poll() is None and len(list((out / "tiles").rglob("*.*"))) < written:
            time.sleep(0.002)
        process.kill()
        assert process.wait() != 0
    assert list((out / "tiles/large/candidates").glob("*.npz"))
    assert started(out).wait() == started(tmp_path / "again").wait() == 0
    assert files(out) == files(tmp_path / "again")
