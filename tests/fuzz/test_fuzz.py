"""No input ends a command with a traceback, takes long or much memory, or gives other figures without a word.

300 inputs run with the other tests, 2 000 by ``make fuzz``, or ``FUZZ_INPUTS``; ``FUZZ_SEED`` chooses others.
"""

import os
import shutil

import numpy as np
import pytest
import tifffile
from skimage.draw import disk

from fuzz.case import MEASURE, Workshop, figures, on
from fuzz.inputs import kinds

INPUTS, SEED = int(os.environ.get("FUZZ_INPUTS", "300")), int(os.environ.get("FUZZ_SEED", "0"))
PER_TEST = 10
DISCS = [(30, 32, 12), (30, 90, 9), (88, 28, 14), (80, 84, 10), (60, 60, 7)]


@pytest.fixture(scope="module")
def workshop(server, tmp_path_factory):
    """A sound picture with its labels, a drawn dataset, a small detector, and results."""
    folder = tmp_path_factory.mktemp("workshop")
    labels = np.zeros((120, 130), "u2")
    for label, (y, x, radius) in enumerate(DISCS, start=1):
        labels[disk((y, x), radius)] = label
    picture = (np.random.default_rng(0).normal(60, 3, labels.shape) + 120 * (labels > 0)).round().astype("u1")
    tifffile.imwrite(folder / "picture.tif", picture, resolution=(1e7, 1e7), resolutionunit="CENTIMETER")
    tifffile.imwrite(folder / "small.tif", picture[:64, :64])
    tifffile.imwrite(folder / "labels.tif", labels)
    (folder / "r.yaml").write_text("kind: shapes\nheight_px: 64\nwidth_px: 64\ncoverage: 0.2\n")
    network = "{n_rays: 8, unet_n_depth: 1, unet_n_filter_base: 4, net_conv_after_unet: 8}"
    tiny = ["--steps", "2", "--patch-px", "64", "--batch-size", "1", "--validations", "1", "--network", network]
    for words in [
        on([*MEASURE[:-4], "results", *MEASURE[-3:]], "picture.tif"),
        ["synthesize", "r.yaml", "--out", "made.zarr", "--count", "3"],
        ["export", "made.zarr", "exported", "--format", "coco"],
        ["train", "made.zarr", "--out", "model", *tiny],
    ]:
        done = server.run(folder, words)
        assert done.code == 0, done.err
    shutil.copytree(folder / "results", folder / "out")
    count, mean = figures(folder)
    return Workshop(picture, labels, folder / "made.zarr", folder / "model", folder / "results", count, mean)


def judged(server, workshop, place, number):
    """What is wrong with the outcome of one input; empty if nothing is."""
    names = list(kinds())
    name, rng = names[number % len(names)], np.random.default_rng([SEED, number])
    folder = place / f"{number}"
    folder.mkdir()
    case = kinds()[name](rng, folder, workshop)
    outcome = server.run(folder, case.words)
    try:
        wrong = outcome.complaint or case.judge(outcome, folder)
    except (OSError, LookupError, TypeError, ValueError) as error:
        wrong = f"the outcome cannot be judged: {error!r}\n{outcome.err}"
    if not wrong:
        shutil.rmtree(folder)
        return ""
    return f"input {number}, {name}: {case.about}\n  {' '.join(word[:80] for word in case.words)}\n  {wrong}"


@pytest.mark.parametrize("first", range(0, INPUTS, PER_TEST))
def test_every_input_leads_to_the_right_figures_or_a_sentence(server, workshop, tmp_path, first):
    (tmp_path / "at").mkdir()
    for name in ("picture.tif", "small.tif", "labels.tif"):
        shutil.copy(workshop.results.parent / name, tmp_path / "at")
    shutil.copytree(workshop.dataset, tmp_path / "at" / "made.zarr")
    shutil.copytree(workshop.results, tmp_path / "at" / "results")
    shutil.copytree(workshop.dataset.parent / "exported", tmp_path / "at" / "exported")
    wrong = [
        judged(server, workshop, tmp_path / "at", number) for number in range(first, min(first + PER_TEST, INPUTS))
    ]
    if any(wrong):
        pytest.fail("\n".join(filter(None, wrong)), pytrace=False)
