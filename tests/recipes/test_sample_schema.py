"""A recipe whose samples have more than image and labels, on its way through worker processes into a dataset."""

import importlib
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from particleforge.recipes.batches.recipe import Batches
from particleforge.recipes.neighbourhood.recipe import Neighbourhood
from particleforge.recipes.recipe import make_sample
from particleforge.recipes.synthesize import SynthesizeParams, draw_dataset
from particleforge.store.dataset import Dataset
from particleforge.store.files import sha256

HERE = Path(__file__).parent
PARAMS = SynthesizeParams(count=12, seed=4, samples_per_shard=2)
SCRIPT = f"""
import sys
sys.path.insert(0, {str(HERE)!r})
from pathlib import Path
from seams import Seams
from particleforge.recipes.synthesize import SynthesizeParams, draw_dataset
if __name__ == "__main__":
    draw_dataset(Seams(pause_s=0.2), [], Path(sys.argv[1]), SynthesizeParams(count=12, seed=4, samples_per_shard=2))
"""


@pytest.fixture
def seams(monkeypatch):
    """The recipe, from where worker processes find it, too."""
    monkeypatch.syspath_prepend(HERE)
    yield importlib.import_module("seams").Seams
    sys.modules.pop("seams")


def contents(folder):
    return {str(path.relative_to(folder)): sha256(path) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_its_samples_come_back_from_two_workers(seams, tmp_path):
    recipe = seams()
    dataset = draw_dataset(recipe, [], tmp_path / "two.zarr", PARAMS.replace(workers=2))
    assert dataset.schema == recipe.sample_schema(recipe.prepare([]))
    phases = set()
    for i, sample in enumerate(dataset):
        assert sample.fingerprint() == make_sample(recipe, recipe.prepare([]), 4, i).fingerprint()
        seam = int((sample.labels == 1)[:, 0].sum())
        np.testing.assert_array_equal(sample.maps["boundary"][:, 0], np.abs(np.arange(12) - seam) < 2)
        assert sample.targets["phase"] == ("anatase", "rutile")[seam % 2]
        phases.add(sample.targets["phase"])
    assert phases == {"anatase", "rutile"}
    draw_dataset(recipe, [], tmp_path / "one.zarr", PARAMS)
    assert contents(tmp_path / "one.zarr") == contents(tmp_path / "two.zarr")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_one_that_was_killed_is_continued(seams, tmp_path):
    killed = tmp_path / "killed.zarr"
    (tmp_path / "draw.py").write_text(SCRIPT)
    with subprocess.Popen([sys.executable, tmp_path / "draw.py", killed]) as process:
        until = time.monotonic() + 60
        while len(list(killed.glob("rows/*.jsonl"))) < 2 and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    assert 0 < len(Dataset.open(killed).missing_shards()) < 5
    recipe = seams(pause_s=0.2)
    draw_dataset(recipe, [], killed, PARAMS.replace(workers=2))
    dataset = Dataset.open(killed)
    assert dataset.missing_shards() == []
    quick = recipe.replace(pause_s=0)
    for i, sample in enumerate(dataset):
        assert sample.fingerprint() == make_sample(quick, quick.prepare([]), 4, i).fingerprint()


def test_recipes_that_draw_from_it_say_the_same(seams):
    recipe = seams()
    for wrapped in (Neighbourhood(recipe=recipe, around=(recipe,)), Batches(recipe=recipe)):
        prepared = wrapped.prepare([])
        wrapped.sample_schema(prepared).check(make_sample(wrapped, prepared, 4, 0))
        assert wrapped.sample_schema(prepared) == recipe.sample_schema(prepared)
