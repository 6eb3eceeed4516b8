import shutil

import numpy as np
import pytest
import tifffile

from particleforge.errors import UserError
from particleforge.workflows.demo import SPHERES, compare, free_folder
from particleforge.workflows.sizes import sizes


def test_a_folder_with_results_is_left_alone(tmp_path):
    assert free_folder(tmp_path / "new").name == "1"
    (tmp_path / "1" / "results").mkdir(parents=True)
    (tmp_path / "2" / "model").mkdir(parents=True)

    assert free_folder(tmp_path).name == "2"


def test_the_demo_is_not_written_to_a_file(tmp_path):
    (tmp_path / "out").touch()

    with pytest.raises(UserError, match="is a file"):
        free_folder(tmp_path / "out")


@pytest.mark.slow
def test_true_labels_compare_as_equal(tmp_path):
    truth = sizes(SPHERES / "more" / "labels", tmp_path / "results", images=SPHERES / "more" / "images")

    compared = compare(truth.out / "labels")

    assert compared["particles_found"] == compared["particles_true"] == compared["found_and_right"] > 100
    assert compared["geometric_mean_error_percent"] == 0


@pytest.mark.slow
def test_missing_and_wrong_particles_are_told(tmp_path):
    shutil.copytree(SPHERES / "more" / "labels", tmp_path / "labels")
    spoilt = tifffile.imread(tmp_path / "labels" / "spheres_2.tif")
    ids = np.unique(spoilt)[1:]
    spoilt[spoilt == ids[0]] = 0
    tifffile.imwrite(tmp_path / "labels" / "spheres_2.tif", spoilt)
    measured = sizes(tmp_path / "labels", tmp_path / "results", images=SPHERES / "more" / "images")

    compared = compare(measured.out / "labels")

    assert compared["particles_true"] - compared["particles_found"] == 1
    assert compared["particles_true"] - compared["found_and_right"] == 1
