"""One run at a time writes into a folder."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest
import tifffile

from particleforge.errors import UserError
from particleforge.measurement.table_file import read_table
from particleforge.recipes.shapes.recipe import Shapes
from particleforge.recipes.synthesize import SynthesizeParams, draw_dataset
from particleforge.store.run_folder import claim, locked
from particleforge.workflows.sizes import SizesParams, sizes

QUICK = SizesParams(reports=False, precision={"resamples": 100})
HOLDER = """
import sys, time
from pathlib import Path
from particleforge.store.run_folder import claim, locked
with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "given").mkdir()
    labels = np.zeros((40, 50), np.uint16)
    labels[5:15, 5:15] = 1
    for name in ("a", "b", "c"):
        tifffile.imwrite(tmp_path / "given" / f"{name}.tif", labels)
    return tmp_path / "given"


def test_a_second_measurement_of_the_same_output_is_refused(folder, tmp_path):
    first = sizes.steps(folder, tmp_path / "out", QUICK)
    next(first), next(first)
    with pytest.raises(UserError, match=r"Another run is writing to .*out"):
        sizes(folder, tmp_path / "out", QUICK)
    for _ in first:
        pass
    assert read_table(tmp_path / "out" / "particles.csv")["image"].tolist() == ["a", "b", "c"]
    assert not (tmp_path / "out" / ".lock").exists()
    assert sizes(folder, tmp_path / "out", QUICK).summary["pooled"]["count"] == 3


def test_a_closed_step_releases_its_folder(folder, tmp_path):
    first = sizes.steps(folder, tmp_path / "out", QUICK)
    next(first)
    first.close()
    assert sizes(folder, tmp_path / "out", QUICK).summary["complete"]


def test_the_lock_of_a_killed_process_does_not_block(folder, tmp_path):
    out = tmp_path / "out"
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(out)], stdout=subprocess.PIPE, env=os.environ)
    try:
        assert holder.stdout.readline() == b"locked\n"
        began = time.monotonic()
        with pytest.raises(UserError, match="Another run is writing"):
            sizes(folder, out, QUICK)
        assert time.monotonic() - began < 5
    finally:
        holder.kill()
        holder.communicate()
    assert (out / ".lock").is_file()
    assert sizes(folder, out, QUICK).summary["complete"]


def test_a_dataset_is_drawn_by_one_run_at_a_time(tmp_path):
    recipe, params = Shapes.parse({"height_px": 32, "width_px": 32}), SynthesizeParams(count=2, samples_per_shard=1)
    first = draw_dataset.steps(recipe, (), tmp_path / "d.zarr", params)
    next(first), next(first)
    with pytest.raises(UserError, match="Another run is writing"):
        draw_dataset(recipe, (), tmp_path / "d.zarr", params)
    for _ in first:
        pass
    assert len(draw_dataset(recipe, (), tmp_path / "d.zarr", params)) == 2


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(UserError, match="exists and is a file"), locked(tmp_path / "out"):
        pass


def test_a_folder_with_something_else_is_still_refused(folder):
    with locked(folder), pytest.raises(UserError, match="not empty"):
        claim(folder, {})
    assert sorted(path.name for path in folder.iterdir()) == ["a.tif", "b.tif", "c.tif"]


def test_finding_and_estimating_lock_their_folder(tmp_path):
    from particleforge.models.opening import open_model
    from particleforge.workflows.estimate import estimate
    from particleforge.workflows.predict import predict

    image = np.random.default_rng(0).integers(0, 255, (64, 64)).astype(np.uint8)
    hetero = open_model("hetero", "estimator")
    for number, steps in enumerate((predict.steps, estimate.steps)):
        out = tmp_path / str(number)
        step = steps("threshold" if number == 0 else hetero, image, out)
        next(step)
        assert (out / ".lock").is_file()
        with pytest.raises(UserError, match=r"Another run is writing to"):
            next(steps("threshold" if number == 0 else hetero, image, out))
        step.close()
        assert not out.exists()  # nothing was written


def test_an_estimate_of_names_like_formulas_is_text(tmp_path):
    from particleforge.models.roles import Estimate
    from particleforge.workflows.estimate import TABLE, write

    found = Estimate("share", 0.5, 0.5, np.array([0.25, 0.75]), None, None, (0, 1), {})
    write(tmp_path, ["=1+1", "b"], [found], {})
    assert (tmp_path / TABLE).read_text() == "image,share\n'=1+1,0.25\nb,0.75\n"
