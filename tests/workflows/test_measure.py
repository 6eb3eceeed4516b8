import json

import numpy as np
import pytest
import tifffile

from particleforge.store.labels import read_labels
from particleforge.store.micrographs import read_micrograph
from particleforge.workflows.measure import MeasureParams, measure

BAR_PX = 40


@pytest.fixture
def images(tmp_path):
    """A micrograph as it is, and with a bar of letters, which look like particles, below."""
    from particleforge.workflows.demo import SPHERES

    grey = read_micrograph(SPHERES / "more" / "images" / "spheres_1.tif").grey[:160, :200]
    grey = np.clip(grey, 5, 250)
    bar = np.zeros((BAR_PX, 200), np.uint8)
    bar[10:22, 8:192:16] = bar[28:32, 100:160] = 255
    bar[14:18, 11:192:16] = 0
    folder = tmp_path / "images"
    folder.mkdir()
    tifffile.imwrite(folder / "bare.tif", grey.astype(np.uint8))
    tifffile.imwrite(folder / "bar.tif", np.concatenate([grey.astype(np.uint8), bar]))
    return folder


@pytest.mark.slow
def test_a_data_bar_changes_nothing(images, tmp_path):
    done = measure("base", images, tmp_path / "out", MeasureParams(reports=False))
    bare, whole = (read_labels(tmp_path / "out" / "labels" / f"{name}.tif") for name in ("bare", "bar"))
    assert whole.shape == (160 + BAR_PX, 200) and not whole[160:].any()
    assert bare.any() and np.array_equal(whole[:160], bare)
    figures = json.loads((tmp_path / "out" / "summary.json").read_text())["images"]
    assert figures["bare"].pop("rows") is None and figures["bar"].pop("rows") == [0, 160]
    assert figures["bare"] == figures["bar"] and done.summary["complete"]
    assert done.summary == json.loads((tmp_path / "out" / "summary.json").read_text())  # a job hands it over as JSON


def test_a_data_bar_is_kept_where_asked_for(images, tmp_path):
    params = MeasureParams(reports=False, burnt_in="keep")
    measure("base", images / "bar.tif", tmp_path / "out", params)
    entry = json.loads((tmp_path / "out" / "summary.json").read_text())["images"]["bar"]
    assert entry["rows"] is None
    assert read_labels(tmp_path / "out" / "labels" / "bar.tif")[160:].any()
