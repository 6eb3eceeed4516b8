"""Measuring in tiles gives the labels and rows of one piece."""

import numpy as np
import pandas as pd
import pytest
import tifffile
from tests.workflows.tiles.test_search import scene

from particleforge import measure, predict
from particleforge.measurement.results_folder import ResultsFolder
from particleforge.store.label_image import LabelImage
from particleforge.workflows.measure import MeasureParams
from particleforge.workflows.predict import PredictParams

OPTIONS = {"scale": 1.0, "tile_px": 256}
SHAPE = (300, 420)


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    path = tmp_path_factory.mktemp("images") / "large.tif"
    tifffile.imwrite(path, scene(5, shape=SHAPE))
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory, image):
    return measured(image, tmp_path_factory.mktemp("whole") / "out", tiles_from_mp=50)


def measured(image, out, **params):
    given = {"options": OPTIONS, "pixel_size": "2 nm", "reports": True, **params}
    return measure("base", image, out, MeasureParams.parse(given))


def same_particles(one, other):
    """Ids in another label image of the ids of one, if they are the same but for the numbers."""
    pairs = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1)
    assert len(np.unique(pairs[0])) == len(np.unique(pairs[1])) == pairs.shape[1]
    return dict(zip(*pairs.tolist(), strict=True))


def test_rows_and_labels_are_those_of_one_piece(tmp_path, image, whole):
    tiled = measured(image, tmp_path / "out", tiles_from_mp=0)
    results, one = ResultsFolder.open(tiled.out), ResultsFolder.open(whole.out)
    ids = same_particles(results.labels("large"), one.labels("large"))
    table, expected = results.table(), one.table().set_index("label")
    assert len(table) == len(expected) >= 20
    assert table["label"].tolist() == sorted(table["label"])
    expected = expected.loc[[ids[number] for number in table["label"]]].reset_index()
    for name in expected.columns.drop(["label", "aggregate"]):
        pd.testing.assert_series_equal(table[name], expected[name], rtol=1e-4, check_dtype=False)
    joined = [frame.groupby("aggregate")["label"].count().drop(0) for frame in (table, expected)]
    assert sorted(joined[0]) == sorted(joined[1]) and len(joined[0]) >= 2
    entry, of_whole = (one.summary["images"]["large"] for one in (tiled, whole))
    assert entry["count"] == of_whole["count"]
    assert entry["nm"]["d50"] == pytest.approx(of_whole["nm"]["d50"], rel=1e-4)
    assert (tiled.out / "reports/large.html").is_file() and not (tiled.out / "tiles/large").exists()
    assert any("Searched in 4 tiles of 256 px" in line for line in entry["remarks"])


def test_labels_of_a_large_image_are_an_ome_zarr_with_the_pixel_size(tmp_path, image, whole):
    params = PredictParams.parse({"options": OPTIONS, "pixel_size": "2 nm", "tiles_from_mp": 0})
    found = predict("base", image, tmp_path / "out", params)
    assert [path.name for path in found.labels] == ["large.zarr"]
    labels = LabelImage(found.labels[0] / "labels/particles")
    assert labels.layout.pixel_size_nm == (2, 2) and not labels.missing()
    painted = labels.read((slice(0, SHAPE[0]), slice(0, SHAPE[1])))
    assert painted.dtype == np.uint32
    same_particles(painted, ResultsFolder.open(whole.out).labels("large"))
    assert sorted(path.name for path in (tmp_path / "out").glob("[!.]*")) == ["large.zarr"]


@pytest.mark.slow
def test_arrays_are_measured_in_this_process_whatever_the_workers(tmp_path, image, whole):
    tiled = measured(tifffile.imread(image), tmp_path / "out", tiles_from_mp=0, workers=2, reports=False)
    same_particles(ResultsFolder.open(tiled.out).labels("image"), ResultsFolder.open(whole.out).labels("large"))
