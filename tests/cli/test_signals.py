"""A command that is asked to end closes its step and says how to continue."""

import importlib
import os
import signal
import subprocess
import sys
import time
import weakref

import numpy as np
import pytest
import tifffile

from particleforge.cli.bar import run_with_bar
from particleforge.cli.signals import Ended, interrupting
from particleforge.models.estimator.kind import HETERO, NOTE
from particleforge.plain_data import read_yaml
from particleforge.step import Progress
from particleforge.store.dataset import Dataset
from particleforge.workflows.demo import SPHERES


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_interrupts_once_and_is_left_as_it_was(name, code):
    number = getattr(signal, name)
    before = signal.getsignal(number)
    with pytest.raises(Ended) as caught, interrupting():
        try:
            os.kill(os.getpid(), number)
            time.sleep(5)
        finally:
            os.kill(os.getpid(), number)  # must not end the closing
    assert caught.value.code == code
    assert signal.getsignal(number) is before


def test_an_interrupt_that_a_library_swallows_comes_at_the_next_report():
    reports = []

    def step():
        for number in range(3):
            reports.append(number)
            yield Progress(number, 3)
            if number == 0:
                del holder["here"]  # what is raised in the callback is lost

    def end(_):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.1)

    holder = {"here": Progress(0, 1)}
    seen = weakref.ref(holder["here"], end)
    with pytest.raises(Ended), interrupting() as cancelled:
        run_with_bar(step(), cancelled)
    assert reports == [0, 1] and seen() is None


def test_a_module_is_imported_to_its_end(tmp_path, monkeypatch):
    text = "import os, signal, time\nos.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(0.3)\ndone = True\n"
    (tmp_path / "slow_to_import.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(Ended), interrupting():
        module = importlib.import_module("slow_to_import")
        time.sleep(5)
    assert module.done


def test_a_command_that_a_module_runs_while_it_is_imported_can_be_ended(tmp_path, monkeypatch):
    lines = ("import os, signal, time", "from particleforge.cli.signals import Ended, interrupting", "try:")
    lines += ("    with interrupting():", "        os.kill(os.getpid(), signal.SIGTERM)", "        time.sleep(5)")
    lines += ("except Ended:", "    ended = True")
    (tmp_path / "runs_a_command.py").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(tmp_path)
    assert importlib.import_module("runs_a_command").ended


def test_an_ignored_signal_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interrupting():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_what_was_drawn_is_kept_and_continued(tmp_path, name, code):
    out = tmp_path / "d.zarr"
    (tmp_path / "recipe.yaml").write_text("kind: shapes\nheight_px: 48\nwidth_px: 48\n")
    words = [sys.executable, "-m", "particleforge.cli", "synthesize", "recipe.yaml", "--out", "d.zarr"]
    words += ["--count", "100000", "--samples-per-shard", "1"]
    child = subprocess.Popen(words, cwd=tmp_path, env=os.environ, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not list(out.glob("rows/*.jsonl")) and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)
    child.send_signal(getattr(signal, name))
    _, shown = child.communicate(timeout=60)
    assert child.returncode == code
    assert "run the same command again to continue" in shown and "Traceback" not in shown
    assert 0 < 100_000 - len(Dataset.open(out).missing_shards())


@pytest.mark.slow
@pytest.mark.parametrize("command", ["learn", "train", "predict", "estimate"])
def test_every_long_command_ends_at_once_and_leaves_no_lock(tmp_path, command):
    images = SPHERES / "annotated"
    many = tmp_path / "many"
    many.mkdir()
    known = read_yaml(HETERO / NOTE)["preparation"]  # images that the estimator takes
    for number in range(300):
        pixels = np.random.default_rng(number).uniform(known["low"], known["high"], (128, 128)).astype(np.float32)
        tifffile.imwrite(many / f"{number}.tif", pixels)
    words = {
        "learn": ["learn", str(images), "--minutes", "30"],
        "train": ["train", str(images), "--minutes", "30"],
        "predict": ["predict", "base", str(many)],
        "estimate": ["estimate", "hetero", str(many), "--pixel-size", f"{known['pixel_size_nm']} nm"],
    }[command]
    out = tmp_path / "out"
    command_line = [sys.executable, "-m", "particleforge.cli", *words, "--out", str(out)]
    child = subprocess.Popen(command_line, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not (out / ".lock").exists() and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(0.5)
    child.send_signal(signal.SIGTERM)
    _, shown = child.communicate(timeout=60)
    assert child.returncode == 143, shown
    assert "Stopped." in shown and "Traceback" not in shown
    assert not (out / ".lock").exists()
    assert not list(tmp_path.glob("out/.*.part*"))
