"""A file format of another package is measured like our own."""

import json

import numpy as np
import pandas as pd
import pytest

COMMAND = ("-m", "particleforge.cli")


def squares(*sides):
    """Squares of some sides as labels."""
    labels = np.zeros((40, 60), int)
    for number, side in enumerate(sides, start=1):
        labels[8 : 8 + side, 20 * number - 14 : 20 * number - 14 + side] = number
    return labels


def write(path, *planes):
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n\n".join("\n".join(" ".join(map(str, row)) for row in plane) for plane in planes))


@pytest.fixture
def images(tmp_path):
    """A stack of two images and a single one."""
    write(tmp_path / "labels" / "run.numbers", squares(10), squares(12, 8))
    write(tmp_path / "labels" / "one.numbers", squares(9))
    noise = np.random.default_rng(0).integers(0, 20, (40, 60))
    write(tmp_path / "images" / "run.numbers", *(noise + 200 * (part > 0) for part in (squares(10), squares(12, 8))))
    write(tmp_path / "images" / "one.numbers", noise + 200 * (squares(9) > 0))
    return tmp_path


def test_its_labels_and_images_are_measured(with_package, images):
    given = (str(images / "labels"), "--images", str(images / "images"))
    with_package(*COMMAND, "sizes", *given, "--out", str(images / "out"), "--no-reports")
    table = pd.read_csv(images / "out" / "particles.csv")
    assert table["image"].tolist() == ["one", "run_00000", "run_00001", "run_00001"]
    assert table["frame"].tolist()[1:] == [0, 1, 1] and np.isnan(table["frame"][0])
    assert table["time_s"].tolist()[1:] == [0, 0.5, 0.5]
    np.testing.assert_allclose(table["area_nm2"], 4 * np.square([9, 10, 12, 8]), rtol=1e-6)


def test_a_detector_is_run_on_its_images(with_package, images):
    with_package(*COMMAND, "measure", "base", str(images / "images"), "--out", str(images / "out"), "--no-reports")
    measured = json.loads((images / "out" / "summary.json").read_text())["images"]
    assert {name: entry["pixel_size_nm"] for name, entry in measured.items()} == {
        "one": 2.0,
        "run_00000": 2.0,
        "run_00001": 2.0,
    }


def test_a_broken_file_of_it_is_reported_and_the_others_are_measured(with_package, images):
    (images / "labels" / "broken.numbers").write_text("1 2 three")
    output = with_package(*COMMAND, "sizes", str(images / "labels"), "--out", str(images / "out"), fails=True)
    assert "Traceback" not in output
    assert set(pd.read_csv(images / "out" / "particles.csv")["image"]) == {"one", "run_00000", "run_00001"}
