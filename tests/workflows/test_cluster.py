"""Images and samples are processed by a Dask cluster: what is written is that of one process, whoever is killed."""

import os
import signal
import sys
from functools import partial
from pathlib import Path

import cloudpickle
import numpy as np
import pytest
import tifffile

from particleforge.compute import Workers
from particleforge.measurement.measured import Measured
from particleforge.measurement.results import Results
from particleforge.measurement.rules import Rules
from particleforge.recipes.shapes.recipe import Shapes
from particleforge.store.labels import open_labels
from particleforge.store.planes import find_planes
from particleforge.workflows._each_plane import measure_each
from particleforge.workflows._one_plane import Found
from particleforge.workflows._processes import TRIES
from particleforge.workflows.sizes import SizesParams, sizes
from particleforge.workflows.synthesize import SynthesizeParams, synthesize

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # no worker can import this file

QUICK = SizesParams(reports=False, precision={"resamples": 100})


@pytest.fixture
def folder(tmp_path):
    """Label images; the second cannot be read."""
    given = tmp_path / "given"
    given.mkdir()
    for number in range(5):
        labels = np.zeros((60, 50), np.uint16)
        for i in range(number + 1):
            labels[3 + 9 * i : 8 + 9 * i, 4 : 10 + 2 * i] = 1 + i
        tifffile.imwrite(given / f"n{number}.tif", labels)
    (given / "n1.tif").write_bytes(b"II*")
    return given


def contents(out):
    """Bytes of all files."""
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_a_cluster_writes_the_same_bytes_as_one_process(folder, tmp_path, dask_cluster, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for place, where in {"here": {}, "there": {"scheduler": dask_cluster}}.items():
        Path(place).mkdir()
        summary = sizes("given", f"{place}/out", QUICK.replace(**where)).summary
        assert list(summary["images"]) == ["n0", "n2", "n3", "n4"] and list(summary["failed"]) == ["n1"]
    assert contents(tmp_path / "here") == contents(tmp_path / "there")


def find(traps, plane):
    for trap in (Path(traps) / plane.name).glob("*"):
        trap.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    return Found(Measured(plane.name, labels=plane.read().pixels))


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.slow
def test_a_killed_worker_is_replaced_and_an_image_that_kills_all_is_given_up(folder, tmp_path, dask_cluster):
    for name, times in {"n0": TRIES - 1, "n3": TRIES}.items():
        (tmp_path / "traps" / name).mkdir(parents=True)
        for number in range(times):
            (tmp_path / "traps" / name / str(number)).touch()

    def steps(out, where):
        results, planes = Results(tmp_path / out / "out", {}, Rules()), find_planes(folder, open_labels)
        return measure_each(results, [planes], partial(find, tmp_path / "traps"), "", 20, where)

    there = Workers(scheduler=dask_cluster)
    messages = [progress.message for progress in steps("there", there)]
    assert "n0: The process that worked on it was lost. Another one tries again." in messages
    given_up = "n3: not measured. The process that worked on it was lost, like 2 before."
    assert any(message.startswith(given_up) for message in messages)
    assert "n3: 4 particles" in [progress.message for progress in steps("there", there)]
    list(steps("here", Workers()))
    assert contents(tmp_path / "there") == contents(tmp_path / "here")


@pytest.mark.slow
def test_samples_are_the_same(tmp_path, dask_cluster):
    params = SynthesizeParams(count=6, samples_per_shard=1)
    made = [
        synthesize(Shapes(height_px=48, width_px=48), tmp_path / place / "made.zarr", params=params.replace(**where))
        for place, where in {"here": {}, "there": {"scheduler": dask_cluster}}.items()
    ]
    for one, other in zip(*made, strict=True):
        np.testing.assert_array_equal(one.micrograph.pixels, other.micrograph.pixels)
        np.testing.assert_array_equal(one.labels, other.labels)


def test_what_is_in_memory_is_measured_here(tmp_path, dask_cluster):
    arrays = [np.pad(np.ones((size, size), np.uint16), 9) for size in (5, 6)]
    steps = sizes.steps(arrays, tmp_path / "out", QUICK.replace(scheduler=dask_cluster))
    messages = [progress.message for progress in steps]
    assert "One process is used: images or models that are not files cannot be sent to others." in messages
