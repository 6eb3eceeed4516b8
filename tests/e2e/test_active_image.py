"""Panels act on the image that is active in napari."""

import numpy as np
import pytest
from PIL import Image as PillowImage


@pytest.fixture
def three(tmp_path, discs):
    """Paths of three micrographs."""
    paths = [tmp_path / f"{name}.png" for name in "abc"]
    for number, path in enumerate(paths):
        PillowImage.fromarray(np.roll(discs[0], 5 * number, axis=0)).save(path)
    return [str(path) for path in paths]


def test_a_panel_starts_with_the_image_in_front_and_follows(make_napari_viewer, open_panel, three, workspace):
    viewer = make_napari_viewer(show=True)
    viewer.open(three)
    chooser = open_panel(viewer, "Aggregates").images.chooser
    assert chooser.value is viewer.layers["c"]
    viewer.layers.selection.active = viewer.layers["b"]
    assert chooser.value is viewer.layers["b"]
    viewer.layers.remove("b")
    assert chooser.value is viewer.layers["c"]
    viewer.add_image(np.eye(50), name="d")
    assert chooser.value is viewer.layers["d"]
    viewer.add_points([[1, 1]])
    assert chooser.value is viewer.layers["d"]
