"""Edits go through the history of the layer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from napari.layers import Labels

from particleforge.annotate.edit import erase, merge
from particleforge.errors import UserError
from particleforge.widgets.annotate.edits import accept, apply, particle_at, particle_under, remove, without_known

IDS = arrays(np.uint32, (6, 7), elements=st.sampled_from([0, 0, 0, 1, 2, 5]))


@given(IDS, IDS, st.sets(st.sampled_from([1, 2, 5])))
@settings(max_examples=60)
def test_accepted_proposals_are_new_particles_on_free_pixels(ids, proposed, chosen):
    particles, proposals = Labels(ids.copy()), Labels(proposed.copy())
    wanted = np.array(sorted(chosen), np.uint32)
    count = accept(particles, proposals, wanted)
    np.testing.assert_array_equal(particles.data[ids > 0], ids[ids > 0])
    new = np.isin(proposed, wanted) & (ids == 0)
    np.testing.assert_array_equal(particles.data > 0, (ids > 0) | new)
    assert count == len(np.unique(proposed[new])) == len(np.unique(particles.data[new]))
    assert not np.isin(particles.data[new], ids[ids > 0]).any()
    for one, other in zip(particles.data[new], proposed[new], strict=True):
        np.testing.assert_array_equal(new & (particles.data == one), new & (proposed == other))
    if count:
        assert not np.isin(proposals.data, wanted).any()
        particles.undo()
    np.testing.assert_array_equal(particles.data, ids)


@given(IDS, IDS)
@settings(max_examples=60)
def test_proposals_mostly_on_particles_are_left_out(ids, proposed):
    fresh = without_known(proposed, ids)
    for proposal in np.unique(proposed[proposed > 0]):
        here = proposed == proposal
        stays = 2 * (ids[here] > 0).sum() <= here.sum()
        assert (fresh[here] == (proposal if stays else 0)).all()
    assert not fresh[proposed == 0].any()


def test_a_change_is_one_step_of_the_history():
    data = np.zeros((6, 7), np.uint32)
    data[1:3, 1:4], data[4:, 4:] = 2, 4_000_000_000
    layer = Labels(data.copy())
    apply(layer, merge(layer.data, (2, 4_000_000_000)))
    assert np.unique(layer.data).tolist() == [0, 2]
    apply(layer, erase(layer.data, 2))
    assert not layer.data.any()
    layer.undo()
    layer.undo()
    np.testing.assert_array_equal(layer.data, data)
    remove(layer, np.array([2]))
    assert np.unique(layer.data).tolist() == [0, 4_000_000_000]


def test_what_lies_at_a_point_or_under_a_line():
    data = np.zeros((6, 7), np.uint32)
    data[:, 2:5], data[:, 6] = 3, 4_000_000_000
    assert [particle_at(data, point) for point in ((0, 1.4), (0, 1.6), (-1, 3), (9, 3))] == [0, 3, 0, 0]
    assert particle_under(data, (2, -5), (2, 9)) == 3
    with pytest.raises(UserError, match="no particle under the line"):
        particle_under(data, (0, 0), (5, 1))
