"""Long work that is cancelled, killed, or meets a full disk leaves a state a person can go on with."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from particleforge.store.dataset import Dataset

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("display")]

SPHERES = Path(__file__).parents[2] / "src" / "particleforge" / "sample_data" / "spheres"
LIMIT_MS = 600_000


@pytest.fixture
def annotated(workspace):
    """A workspace with the annotated sample image."""
    shutil.copytree(SPHERES / "annotated", workspace / "annotations")
    return workspace


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 5 MB, and a function that makes it larger."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if not sys.platform.startswith("linux") or mount is None or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk, on Linux")
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=5m", "tmpfs", disk], capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {made.stderr.strip()}")
    yield disk, lambda: subprocess.run([mount, "-o", "remount,size=50m", disk], check=True)
    subprocess.run(["umount", "-l", disk], check=True)


def set_front(panel, **values):
    front = panel.form.front
    front.set_params(front.params().replace(**values))


def start_until(qtbot, panel, ready=lambda advance: advance.done > 0):
    """Press the panel's button and wait for a report."""
    with qtbot.waitSignal(panel.row.advanced, timeout=LIMIT_MS, check_params_cb=ready):
        panel.row.button.click()
        assert panel.row.running, panel.row.message.text()


def cancel(qtbot, panel):
    with qtbot.waitSignal(panel.row.stopped, timeout=LIMIT_MS):
        panel.row.button.click()
    assert panel.row.button.isEnabled() and not panel.row.running


def test_growing_is_cancelled_and_goes_on(make_napari_viewer, open_panel, qtbot, annotated):
    panel = open_panel(make_napari_viewer(show=True), "Augment")
    set_front(panel, count=2000)
    start_until(qtbot, panel)
    cancel(qtbot, panel)
    assert "To continue" in panel.row.message.text()
    dataset = Dataset.open(annotated / "datasets" / "augmented-1.zarr")
    written = sum(len(dataset.shard_range(k)) for k in set(dataset.shards) - set(dataset.missing_shards()))
    assert 0 < written < 2000 and dataset[0].labels.any()
    start_until(qtbot, panel, lambda advance: advance.message == "Drawing samples" and advance.done == written)
    cancel(qtbot, panel)


def test_growing_onto_a_full_disk_says_so_and_goes_on_once_there_is_room(
    make_napari_viewer, open_panel, qtbot, monkeypatch, small_disk, work
):
    disk, enlarge = small_disk
    monkeypatch.setattr("pathlib.Path.home", lambda: disk)
    shutil.copytree(SPHERES / "annotated", disk / "ParticleForge" / "annotations")
    panel = open_panel(make_napari_viewer(show=True), "Augment")
    set_front(panel, count=64)
    with qtbot.waitSignal(panel.row.failed, timeout=LIMIT_MS):
        panel.row.button.click()
    assert "the disk is full" in panel.row.message.text() and "Make room" in panel.row.message.text()
    dataset = Dataset.open(disk / "ParticleForge" / "datasets" / "augmented-1.zarr")
    missing = dataset.missing_shards()
    assert 0 < len(missing) < len(dataset.shards) and dataset[0].labels.any()
    enlarge()
    assert panel.name.text() == "augmented-1"
    assert work(panel)["samples"] == 64
    assert dataset.missing_shards() == [] and dataset[63].labels.any()
