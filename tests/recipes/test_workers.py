"""Processes are killed in the middle of their work; what comes of it is what would have come anyway."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

import numpy as np
import psutil
import pytest

from particleforge.compute import Local, Lost
from particleforge.errors import UserError
from particleforge.recipes.render.population import Population
from particleforge.recipes.render.recipe import Render
from particleforge.recipes.synthesize import TRIES, SynthesizeParams, draw_dataset
from particleforge.store.dataset import Dataset

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")

RECIPE = Render(
    height_px=64,
    width_px=64,
    particles=4,
    populations=(Population(diameter_nm=30),),
    samples_per_pixel=2,
    variant="scalar",
    threads=1,
)
PARAMS = SynthesizeParams(count=20, seed=3, samples_per_shard=2)
TRAPPED = '''
import os, signal
from pathlib import Path

import numpy as np
import pandas as pd

from particleforge.recipes.recipe import Recipe
from particleforge.sample import Sample
from particleforge.micrograph import Micrograph


def die_if(trap):
    """Kill this process by one of the traps laid out in a folder."""
    for one in sorted(Path(trap).glob("*")):
        one.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def call(item):
    if item == 5:
        die_if("TRAP")
    if item == 7:
        raise ValueError("seven")
    return item * np.ones(100_000)


class Noise(Recipe):
    kind: str = "noise"

    def prepare(self, sources):
        return None

    def frame(self, prepared):
        return (64, 64), np.uint8

    def simulate(self, prepared, rng):
        pixels = rng.integers(0, 255, (64, 64), np.uint8)
        if pixels[0, 0] == NUMBER:
            die_if("TRAP")
        truth = pd.DataFrame({"label": [1], "x_px": [float(pixels.mean())]})
        return Sample(Micrograph(pixels), (pixels > 128).astype(np.uint32), truth=truth)
'''


@pytest.fixture
def trapped(tmp_path, monkeypatch):
    """A module whose calls die of the traps in a folder, and that folder; image 7 of seed 3 does."""
    from particleforge.seeds import stream

    trap = tmp_path / "traps"
    trap.mkdir()
    number = stream(3, "simulate", 7).integers(0, 255, (64, 64), np.uint8)[0, 0]
    assert [stream(3, "simulate", i).integers(0, 255, (64, 64), np.uint8)[0, 0] for i in range(20)].count(number) == 1
    (tmp_path / "trapped.py").write_text(TRAPPED.replace("TRAP", str(trap)).replace("NUMBER", str(number)))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "trapped", raising=False)
    import trapped

    yield trapped, trap
    del sys.modules["trapped"]


def lay(trap, count):
    for i in range(count):
        (trap / str(i)).touch()


@pytest.fixture
def children():
    """Find processes with a word in their command line among those below this one that this test has started."""
    others = set(psutil.Process().children(recursive=True))

    def find(marked):
        found = []
        for child in set(psutil.Process().children(recursive=True)) - others:
            with suppress(psutil.NoSuchProcess):
                if marked in " ".join(child.cmdline()):
                    found.append(child)
        return found

    return find


def assert_equal(one, other):
    assert len(one) == len(other) == 20
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a.micrograph.pixels, b.micrograph.pixels)
        np.testing.assert_array_equal(a.labels, b.labels)
        assert a.truth.equals(b.truth)
        assert a.recipe == b.recipe


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return draw_dataset(RECIPE, [], tmp_path_factory.mktemp("undisturbed") / "made.zarr", PARAMS)


def test_items_come_once_each_whoever_dies(trapped, children):
    module, trap = trapped
    lay(trap, 2)
    answers = list(Local(2).each(module.call, [1, 2, 3, 4, 5, 6]))
    assert [(item, lost) for item, lost in answers if isinstance(lost, Lost)] == [
        (5, Lost(-signal.SIGKILL, 1)),
        (5, Lost(-signal.SIGKILL, 2)),
    ]
    results = {item: array for item, array in answers if not isinstance(array, Lost)}
    assert sorted(results) == [1, 2, 3, 4, 5, 6]
    assert all((array == item).all() for item, array in results.items())
    assert not children("spawn_main")


def test_what_a_call_raises_is_raised_here(trapped, children):
    module, _ = trapped
    with pytest.raises(ValueError, match="seven"):
        list(Local(2).each(module.call, [1, 7, 2]))
    assert not children("spawn_main")


def test_a_worker_that_is_killed_is_replaced_and_reported(trapped, tmp_path):
    module, trap = trapped
    whole = draw_dataset(module.Noise(), [], tmp_path / "whole.zarr", PARAMS)
    lay(trap, TRIES - 1)
    with pytest.warns(
        RuntimeWarning, match="ended with -9 while drawing samples 6 to 7; they will be drawn again"
    ) as caught:
        made = draw_dataset(module.Noise(), [], tmp_path / "made.zarr", PARAMS.replace(workers=2))
    assert len(caught) == TRIES - 1
    assert_equal(made, whole)
    assert files(tmp_path / "made.zarr") == files(tmp_path / "whole.zarr")


@pytest.mark.filterwarnings("ignore:A worker process")
def test_workers_that_die_on_the_same_image_end_the_run_and_it_goes_on_later(trapped, tmp_path):
    module, trap = trapped
    lay(trap, TRIES)
    out, params = tmp_path / "made.zarr", PARAMS.replace(workers=2)
    with pytest.raises(
        UserError,
        match=r"-9 while drawing samples 6 to 7, like 2 before it.*same command again to continue",
    ):
        draw_dataset(module.Noise(), [], out, params)
    assert not list(trap.iterdir())
    assert 3 in Dataset.open(out).missing_shards()
    made = draw_dataset(module.Noise(), [], out, params)
    assert_equal(made, draw_dataset(module.Noise(), [], tmp_path / "whole.zarr", PARAMS))
    assert files(out) == files(tmp_path / "whole.zarr")


def test_parts_of_files_are_removed_when_a_run_goes_on(trapped, tmp_path):
    module, _ = trapped
    steps = draw_dataset.steps(module.Noise(), [], tmp_path / "made.zarr", PARAMS)
    for _ in range(4):
        next(steps)
    steps.close()
    for part in ("images/c/3.0123.partial", "rows/.0123.part.jsonl"):
        (tmp_path / "made.zarr" / part).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "made.zarr" / part).write_text("half")
    draw_dataset(module.Noise(), [], tmp_path / "made.zarr", PARAMS)
    assert not [name for name in files(tmp_path / "made.zarr") if ".part" in name]


@pytest.mark.slow
def test_a_renderer_killed_in_the_middle_of_an_image_is_replaced(undisturbed, children, tmp_path):
    steps = draw_dataset.steps(RECIPE, [], tmp_path / "made.zarr", PARAMS)
    while next(steps).done < 6:
        pass
    (renderer,) = children("render.engine.child")
    renderer.suspend()  # it takes the next image, but does not answer
    threading.Timer(1, renderer.kill).start()
    with pytest.warns(RuntimeWarning, match="Rendered again with scalar_rgb: scalar_rgb ended with -9"):
        assert list(steps)[-1].done == 20
    assert_equal(Dataset.open(tmp_path / "made.zarr"), undisturbed)


def test_a_renderer_that_is_killed_again_and_again_ends_the_run_and_it_goes_on_later(undisturbed, children, tmp_path):
    steps = draw_dataset.steps(RECIPE, [], tmp_path / "made.zarr", PARAMS)
    while next(steps).done < 6:
        pass
    over = threading.Event()

    def kill_all():
        while not over.wait(0.01):
            for renderer in children("render.engine.child"):
                renderer.kill()

    killer = threading.Thread(target=kill_all)
    killer.start()
    try:
        with pytest.raises(UserError, match=r"Rendering crashed. scalar_rgb ended with -9.*Memory may have run out"):
            list(steps)
    finally:
        over.set()
        killer.join()
    assert Dataset.open(tmp_path / "made.zarr").missing_shards() == list(range(3, 10))
    assert_equal(draw_dataset(RECIPE, [], tmp_path / "made.zarr", PARAMS), undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("marked", "message"),
    [("render.engine.child", "Rendered again with scalar_rgb"), ("spawn_main", "A worker process")],
)
def test_of_two_workers_one_loses_its_renderer_or_its_life(undisturbed, children, tmp_path, capfd, marked, message):
    steps = draw_dataset.steps(RECIPE, [], tmp_path / "made.zarr", PARAMS.replace(workers=2, samples_per_shard=1))
    while next(steps).done < 6:
        pass
    children(marked)[0].kill()
    if marked == "spawn_main":
        with pytest.warns(RuntimeWarning, match=message):
            assert list(steps)[-1].done == 20
    else:
        assert list(steps)[-1].done == 20
        assert message in capfd.readouterr().err  # of the worker
    assert_equal(Dataset.open(tmp_path / "made.zarr"), undisturbed)


@pytest.mark.slow
def test_the_command_that_is_killed_itself_goes_on(undisturbed, tmp_path):
    (tmp_path / "recipe.yaml").write_text(RECIPE.to_yaml(), encoding="utf-8")
    out = tmp_path / "made.zarr"
    words = ["synthesize", tmp_path / "recipe.yaml", "--out", out, "--params", tmp_path / "params.yaml"]
    (tmp_path / "params.yaml").write_text(PARAMS.replace(workers=2).to_yaml(), encoding="utf-8")
    command = [sys.executable, "-m", "particleforge.cli", *map(str, words)]
    first = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    while first.poll() is None and not list(out.glob("rows/0*.jsonl")):
        time.sleep(0.01)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    subprocess.run(command, check=True)
    assert_equal(Dataset.open(out), undisturbed)
