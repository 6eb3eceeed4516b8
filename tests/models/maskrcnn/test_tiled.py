"""Large pictures are searched window by window, with the particles of one piece."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.models.maskrcnn.test_predict import image_of_squares, squares

from particleforge.compute import Local
from particleforge.models.maskrcnn.model import MaskRCNNModel, Note
from particleforge.step import run
from particleforge.store.planes import find_planes
from particleforge.workflows._finder import Finder
from particleforge.workflows._tiles.search import Search, search_steps

__all__ = ["squares"]


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(core_px=st.integers(40, 300), cut=st.integers(0, 15), scale=st.sampled_from([1.0, 2.0]))
def test_tiles_find_what_one_piece_finds(squares, tmp_path_factory, core_px, cut, scale):
    image = image_of_squares(side=200)[cut:, cut // 2 :] * 200
    model = MaskRCNNModel(squares, Note(network=squares.config, reach_px=12 * scale))
    whole = model.detect(image, scale=scale)
    find = Finder(model, {"scale": scale}, None, True)
    search = Search(find_planes(image), "image", find, tmp_path_factory.mktemp("tiles"), (0, len(image)), core_px)
    searched = run(search_steps(search, Local()))
    found, _ = searched.search.read_objects(search.grid, searched.first_ids)
    assert len(found) == len(whole) >= 81
    painted = found.outlines.paint(found.shape, found.scores)
    assert np.array_equal(painted > 0, whole.labels > 0)
    assert searched.reach_px == pytest.approx(whole.reach_px)
