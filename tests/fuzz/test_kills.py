"""A command that is killed at any moment and given again ends with what an undisturbed run writes.

One kill of each command runs with the other tests; ``make kills`` kills fifty times, or as often as ``KILLS`` says.
"""

import difflib
import hashlib
import os
import re
import shutil
import time
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import tifffile

import particleforge

KILLS = int(os.environ.get("KILLS", "6"))
NETWORK = "{n_rays: 16, unet_n_depth: 1, unet_n_filter_base: 4, net_conv_after_unet: 8}"
TINY = f"patch_px: 64, batch_size: 2, network: {NETWORK}"
COMMANDS = {
    "synthesize": ["synthesize", "r.yaml", "--out", "out.zarr", "--count", "96"],
    "learn": ["learn", "annotated", "--out", "out", "--synthetic-per-image", "24", "--from", "scratch", "--training",
              f"{{steps: 24, validations: 4, {TINY}}}"],
    "train": ["train", "made.zarr", "--out", "out", "--params", "train.yaml"],
    "measure": ["measure", "threshold", "many", "--out", "out"],
    "measure in two processes": ["measure", "threshold", "many", "--out", "out", "--workers", "2"],
    "convert": ["convert", "large.tif", "--out", "out.zarr", "--shard-px", "256"],
}  # fmt: skip
LIMIT_S = 300


@pytest.fixture(scope="module")
def place(server, tmp_path_factory):
    """A folder with the inputs of all commands."""
    folder = tmp_path_factory.mktemp("kills")
    spheres = Path(particleforge.__file__).parent / "sample_data" / "spheres"
    shutil.copytree(spheres / "annotated", folder / "annotated")
    (folder / "r.yaml").write_text("kind: shapes\nheight_px: 96\nwidth_px: 96\ncoverage: 0.3\n")
    (folder / "train.yaml").write_text(f"{{steps: 40, validations: 4, {TINY}}}")
    assert server.run(folder, ["synthesize", "r.yaml", "--out", "made.zarr", "--count", "16"]).code == 0
    (folder / "many").mkdir()
    rng = np.random.default_rng(0)
    tifffile.imwrite(folder / "large.tif", rng.integers(0, 2**16, (3000, 2500), dtype=np.uint16))
    for number in range(6):
        squares = np.kron(rng.random((8, 8)) < 0.3, np.ones((16, 16)))
        pixels = rng.normal(60, 3, squares.shape) + 100 * squares
        tifffile.imwrite(folder / "many" / f"{number}.tif", pixels.astype("u1"))
    return folder


@pytest.fixture(scope="module")
def undisturbed(server, place):
    """Contents that a command writes when nobody disturbs it, and the seconds it takes."""
    known = {}

    def get(command):
        if command not in known:
            clear(place)
            start = time.monotonic()
            done = server.run(place, COMMANDS[command], LIMIT_S)
            assert done.code == 0, done.err
            known[command] = contents(place), time.monotonic() - start
        return known[command]

    return get


def clear(place):
    for name in ("out", "out.zarr"):
        shutil.rmtree(place / name, ignore_errors=True)


def contents(place):
    """What counts of every file that a command wrote: all but times."""
    (out,) = [place / name for name in ("out", "out.zarr") if (place / name).exists()]
    return {str(path.relative_to(out)): _content(path) for path in sorted(out.rglob("*")) if path.is_file()}


def _content(path):
    if path.name == "training.csv":
        return pd.read_csv(path).drop(columns="seconds").to_csv()
    if path.suffix == ".h5":
        digest = hashlib.sha256()
        with h5py.File(path) as file:
            arrays = []
            file.visititems(lambda _, item: arrays.append(item[()]) if isinstance(item, h5py.Dataset) else None)
        digest.update(b"".join(array.tobytes() for array in arrays))
        return digest.hexdigest()
    content = path.read_bytes()
    if path.suffix not in (".yaml", ".json"):
        return hashlib.sha256(content).hexdigest()
    return re.sub(r"minutes: [\d.]+", "", content.decode())  # that were left for a training


@pytest.mark.slow
@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_command_ends_as_an_undisturbed_one(server, place, undisturbed, number):
    command = list(COMMANDS)[number % len(COMMANDS)]
    expected, seconds = undisturbed(command)
    rng = np.random.default_rng([KILLS, number])
    clear(place)
    killed = []
    for _ in range(rng.integers(1, 4)):
        limit = float(rng.uniform(0, seconds))
        killed.append(round(limit, 2))
        last = server.run(place, COMMANDS[command], limit)
        if last.code == 0:
            break
    else:
        last = server.run(place, COMMANDS[command], LIMIT_S)
    assert last.code == 0, (killed, last.err)
    found = contents(place)
    different = [name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)]
    texts = [[of.get(name, "").split("\n") for of in (expected, found)] for name in different]
    changes = [line for pair in texts for line in difflib.ndiff(*pair)]
    assert not different, (killed, different, [line for line in changes if line[0] != " "])
