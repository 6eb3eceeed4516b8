"""Pixel sizes given image by image, and what is remarked on files, reach summary, report and console."""

import json

import numpy as np
import pytest

from particleforge.measurement.headline import measurement_report
from particleforge.micrograph import Micrograph
from particleforge.store.labels import write_labels
from particleforge.store.micrographs import write_micrograph
from particleforge.workflows.sizes import SizesParams, sizes


@pytest.fixture
def folder(tmp_path):
    """Images of 8 px particles at two magnifications; no file states a pixel size."""
    for part in ("images", "labels"):
        (tmp_path / part).mkdir()
    ids = np.zeros((64, 64), np.uint32)
    for number, y in enumerate((8, 28, 48), start=1):
        ids[y : y + 8, 20:28] = number
    for name in "ab":
        write_micrograph(tmp_path / "images" / f"{name}.tif", Micrograph((ids > 0).astype(np.uint8), name=name))
        write_labels(tmp_path / "labels" / f"{name}.tif", ids)
    (tmp_path / "images" / "pixel_sizes.csv").write_text("image,pixel_size\na,0.5 nm\nb.tif,2 nm\n")
    return tmp_path


def test_images_of_several_magnifications_are_pooled_in_nm(folder):
    params = SizesParams(reports=True)
    found = sizes(folder / "labels", folder / "out", params, folder / "images")
    images = json.loads((folder / "out" / "summary.json").read_text())["images"]
    assert [images[name]["pixel_size_nm"] for name in "ab"] == [0.5, 2]
    assert images["b"]["remarks"] == ["Pixel size 2 nm from pixel_sizes.csv."]
    assert found.summary["pooled"]["nm"]["geometric_mean"] == pytest.approx(
        np.sqrt(images["a"]["nm"]["geometric_mean"] * images["b"]["nm"]["geometric_mean"])
    )
    sentence = "a: Pixel size 0.5 nm from pixel_sizes.csv."
    assert sentence in measurement_report(found, {})["remarks"]
    assert sentence in (folder / "out" / "report.html").read_text()
    assert sentence in (folder / "out" / "reports" / "a.html").read_text()


def test_the_pixel_size_of_the_command_counts_instead_of_all(folder):
    params = SizesParams(pixel_size="3 nm", reports=False)
    found = sizes(folder / "labels", folder / "out", params, folder / "images")
    for entry in found.summary["images"].values():
        assert entry["pixel_size_nm"] == 3 and "remarks" not in entry
    assert "remarks" not in measurement_report(found, {})
