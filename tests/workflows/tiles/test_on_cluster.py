"""A large image measured tile by tile on a cluster, a worker of which is killed: the bytes are those of one process."""

import os
import signal
import sys
import threading
import time

import pytest
import tifffile
from distributed import Client
from tests.workflows.test_cluster import contents
from tests.workflows.tiles.test_search import scene

from particleforge import measure
from particleforge.compute import Unavailable, cluster
from particleforge.workflows.measure import MeasureParams

PARAMS = MeasureParams(
    options={"scale": 1.0, "tile_px": 256}, reports=False, precision={"resamples": 100}, tiles_from_mp=0
)


def kill_in_mid_work(folder, process, killed):
    """Kill a process as soon as there is a file in a folder."""
    deadline = time.monotonic() + 120
    while not list(folder.rglob("*.npz")) and time.monotonic() < deadline:
        time.sleep(0.002)
    os.kill(process, signal.SIGKILL)
    killed.extend(path.name for path in folder.rglob("*.npz"))


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.slow
def test_a_killed_worker_changes_nothing(tmp_path, dask_cluster):
    image = tmp_path / "large.tif"
    tifffile.imwrite(image, scene(5, shape=(300, 420)))
    measure("base", image, tmp_path / "here" / "out", PARAMS)
    with Client(dask_cluster, set_as_default=False) as client:
        first, *_ = client.run(os.getpid).values()
    there, done = tmp_path / "there" / "out", []
    killer = threading.Thread(target=kill_in_mid_work, args=(there / "tiles", first, done))
    killer.start()
    found = measure("base", image, there, PARAMS.replace(scheduler=dask_cluster))
    killer.join()
    assert len(done) < 8  # of four tiles, in two passes
    assert found.summary["images"]["large"]["count"] >= 20
    assert contents(there) == contents(tmp_path / "here" / "out")


def test_a_cluster_that_is_not_there_ends_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECTING_S", 1)
    for name in "ab":
        tifffile.imwrite(tmp_path / f"{name}.tif", scene(5, shape=(60, 60)))
    with pytest.raises(Unavailable, match=r"^No Dask scheduler answers"):
        measure("base", tmp_path, tmp_path / "out", PARAMS.replace(scheduler="tcp://127.0.0.1:9"))
