"""The layers of a movie that was followed."""

import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel

from particleforge.measurement.results_folder import ResultsFolder
from particleforge.store.planes import find_planes
from particleforge.widgets.active import made_here
from particleforge.widgets.movie import followed, movie_layers, movie_sizes
from particleforge.workflows.sizes import SizesParams, sizes


@pytest.fixture(scope="module")
def movie(tmp_path_factory):
    """Two discs in three frames, of which the second cannot be measured; one disc wanders to the right."""
    folder = tmp_path_factory.mktemp("movie")
    rows, columns = np.mgrid[:40, :60]
    labels = np.zeros((3, 40, 60), np.float32)
    for frame in range(3):
        for label, (y, x) in enumerate([(10, 12), (28, 30 + 2 * frame)], 1):
            labels[frame][(rows - y) ** 2 + (columns - x) ** 2 <= 25] = label
    labels[1, 0, 0] = 0.5
    about = {"axes": "TYX", "finterval": 4.0, "unit": "nm"}
    tifffile.imwrite(folder / "run.tif", labels, imagej=True, resolution=(2, 2), metadata=about)
    sizes(folder / "run.tif", folder / "out", SizesParams(reports=False, track=True))
    return folder


def test_layers_lie_at_the_scale_and_the_times_of_the_movie(movie):
    results = ResultsFolder.open(movie / "out")
    assert list(results.failed) == ["run_00001"]
    found = followed(results)
    image, labels, tracks = movie_layers(results, found["run"], find_planes(movie / "run.tif"))
    assert all(made_here(layer) for layer in (image, labels, tracks))
    for layer in (image, labels, tracks):
        assert tuple(layer.scale)[-3:] == (4.0, 0.5, 0.5)
        assert [str(unit) for unit in layer.units][-3:] == ["second", "nanometer", "nanometer"]
    assert image.data.shape == labels.data.shape == (3, 40, 60)
    np.testing.assert_array_equal(np.asarray(labels.data[2]), results.labels("run_00002"))
    assert not np.asarray(labels.data[1]).any()  # it could not be measured
    moving = tracks.data[tracks.data[:, 0] == 2]
    np.testing.assert_allclose(moving, [[2, 0, 28, 30], [2, 2, 28, 34]], atol=1e-4)
    assert tracks.color_by == "ecd_nm"


def test_sizes_are_those_of_the_frame_that_is_shown(movie, qtbot):
    results = ResultsFolder.open(movie / "out")
    viewer = ViewerModel()
    for layer in movie_layers(results, followed(results)["run"], find_planes(movie / "run.tif")):
        viewer.add_layer(layer)
    view = movie_sizes(viewer, results, followed(results)["run"])
    qtbot.addWidget(view)
    table = results.table()
    for frame in range(3):
        viewer.dims.set_current_step(0, frame)
        found = table[(table["image"] == f"run_{frame:05d}") & (table["weight"] > 0)]["ecd_nm"]
        median = f", median {found.median():.4g}" if len(found) else ""
        assert view.line == f"frame {frame}: {len(found)} particles{median}"


def test_results_that_were_not_followed_have_no_movies(movie):
    sizes(movie / "run.tif", movie / "bare", SizesParams(reports=False))
    assert followed(ResultsFolder.open(movie / "bare")) == {}
