import hashlib
import shutil
from pathlib import Path

import pytest

import particleforge
from particleforge.cli.main import main

SPHERES = Path(particleforge.__file__).parent / "sample_data" / "spheres"
TINY = (
    "{steps: 6, patch_px: 64, batch_size: 2, validations: 1, network: {n_rays: 16, unet_n_depth: 1,"
    " unet_n_filter_base: 4, net_conv_after_unet: 8, unet_batch_norm: true}}"
)


def hashes(folder):
    files = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}
    assert files
    return files


def learned(folder, out, *more):
    words = ["learn", str(folder), "--out", str(out), "--synthetic-per-image", "3", "--from", "scratch"]
    return main([*words, "--training", TINY, *more])


@pytest.fixture(scope="session")
def spheres(tmp_path_factory):
    """A copy of the sample data, found unchanged when all tests are done."""
    folder = tmp_path_factory.mktemp("inputs") / "spheres"
    shutil.copytree(SPHERES, folder)
    before = hashes(folder)
    yield folder
    assert hashes(folder) == before


@pytest.fixture(scope="session")
def model(spheres, tmp_path_factory):
    out = tmp_path_factory.mktemp("learned") / "model"
    assert learned(spheres / "annotated", out) == 0
    return out


@pytest.fixture(scope="session")
def dataset(spheres, tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    recipe = folder / "recipe.yaml"
    recipe.write_text("kind: cutpaste\nparticles: uniform(4, 9)\nheight_px: 96\nwidth_px: 112\n")
    out = folder / "made.zarr"
    assert main(["synthesize", str(recipe), str(spheres / "annotated"), "--out", str(out), "--count", "5"]) == 0
    return out
