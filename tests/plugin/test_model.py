"""A detector of another package is as good as our own."""

import json

import numpy as np
import tifffile

from particleforge.store.labels import read_labels

COMMAND = ("-m", "particleforge.cli")


def dots(folder):
    pixels = np.full((64, 64), 50, np.uint8)
    pixels[10:20, 10:20], pixels[40:48, 30:50] = 120, 200
    folder.mkdir()
    tifffile.imwrite(folder / "dots.tif", pixels)
    return folder


def test_it_measures_with_options_of_its_own(with_package, tmp_path):
    images, out = dots(tmp_path / "images"), tmp_path / "out"
    words = ("measure", "bright_pixels", str(images), "--out", str(out), "--no-reports", "--json")
    output = json.loads(with_package(*COMMAND, *words, "--level", "150"))
    assert output["summary"]["images"]["dots"]["count"] == 1
    assert output["summary"]["images"]["dots"]["level"] == 150
    labels = read_labels(out / "labels" / "dots.tif")
    assert (labels == 1).sum() == 8 * 20 and labels.max() == 1


def test_it_predicts_and_is_named_in_the_help(with_package, tmp_path):
    images = dots(tmp_path / "images")
    with_package(*COMMAND, "predict", "bright_pixels", str(images), "--out", str(tmp_path / "labels"))
    assert read_labels(tmp_path / "labels" / "dots.tif").max() == 2
    assert "options of Bright pixels models" in with_package(*COMMAND, "measure", "--help")


def test_options_of_another_detector_are_refused(with_package, tmp_path):
    images = dots(tmp_path / "images")
    words = ("measure", "bright_pixels", str(images), "--out", str(tmp_path / "out"), "--prob-thresh", "0.5")
    assert "There is no parameter 'prob_thresh'" in with_package(*COMMAND, *words, fails=True)
    assert not (tmp_path / "out").exists()
