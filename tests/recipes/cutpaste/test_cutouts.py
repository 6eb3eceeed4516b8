import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.recipes.cutpaste.cutouts import CutoutRule, cut_out, soft_edge
from particleforge.sample import Sample


def sample_of(labels, name="one", pixels=None, size=None):
    pixels = 50 + 100 * (labels > 0) if pixels is None else pixels
    return Sample(Micrograph(pixels.astype(np.uint8), size, name=name), labels)


def boxes(*places):
    labels = np.zeros((60, 80), np.uint32)
    for label, (top, left, height, width) in enumerate(places, start=1):
        labels[top : top + height, left : left + width] = label
    return labels


def test_what_is_left_out_is_reported_with_its_reason():
    labels = boxes((0, 5, 8, 8), (20, 5, 3, 3), (30, 10, 10, 10), (30, 20, 10, 10), (10, 40, 8, 8), (45, 50, 8, 30))
    pool = cut_out([sample_of(labels)], CutoutRule(max_contact=0.2))
    assert pool.cut_by_border == ["one#1", "one#6"]
    assert pool.too_small == ["one#2"]
    assert pool.cut_by_neighbour == ["one#3", "one#4"]
    assert [cutout.source for cutout in pool.cutouts] == ["one#5"]
    report = "1 particle to paste (2 cut by the border, 2 cut by a neighbour, 1 too small)"
    assert pool.report() == report


def test_touching_counts_against_the_share_of_the_outline():
    labels = boxes((30, 10, 10, 10), (30, 20, 10, 10))
    share = 10 / 36  # one side of ten pixels of an outline of 36
    assert len(cut_out([sample_of(labels)], CutoutRule(max_contact=share + 0.01)).cutouts) == 2
    with pytest.raises(UserError, match="2 cut by a neighbour"):
        cut_out([sample_of(labels)], CutoutRule(max_contact=share - 0.01))


def test_unusual_sizes_are_reported_and_kept():
    labels = boxes((5, 5, 8, 8), (5, 30, 8, 8), (5, 50, 8, 8), (25, 5, 30, 30))
    pool = cut_out([sample_of(labels)])
    assert pool.size_outliers == ["one#4"]
    assert len(pool.cutouts) == 4


def test_a_single_particle_is_enough():
    pixels = np.random.default_rng(0).integers(0, 255, (60, 80))
    labels = boxes((20, 30, 8, 12)) * 70_000
    pool = cut_out([sample_of(labels, pixels=pixels, size=(0.5, 0.5))])
    (cutout,) = pool.cutouts
    assert (cutout.source, cutout.image, cutout.pixel_size_nm) == ("one#70000", 0, 0.5)
    np.testing.assert_array_equal(cutout.pixels, pixels[17:31, 27:45])
    assert cutout.ecd_px == pytest.approx(np.sqrt(4 * 96 / np.pi))
    assert cutout.feret_max_px == pytest.approx(np.hypot(7, 11) + 1, rel=0.002)
    assert cutout.feret_min_px == pytest.approx(8)
    assert cutout.background == np.median(pixels[labels == 0][::4])


def test_without_any_particle_there_is_nothing_to_cut():
    with pytest.raises(UserError, match="No particle can be cut out of 2 image"):
        cut_out([sample_of(boxes(), "a"), sample_of(boxes((0, 0, 9, 9)), "b")])


def test_rims_beyond_the_image_repeat_its_border():
    pixels = np.random.default_rng(0).integers(0, 255, (60, 80))
    (cutout,) = cut_out([sample_of(boxes((1, 1, 8, 8)), pixels=pixels)]).cutouts
    np.testing.assert_array_equal(cutout.pixels, np.pad(pixels, 2, mode="edge")[:14, :14])


@given(arrays(bool, (12, 14)), st.floats(0, 3))
def test_the_soft_edge_keeps_the_mask(mask, feather_px):
    alpha = soft_edge(mask, feather_px)
    assert alpha.dtype == np.float32
    assert alpha.min() >= 0
    assert alpha.max() <= 1 + 1e-6
    np.testing.assert_array_equal(alpha >= 0.5, mask)


def test_the_soft_edge_is_soft():
    mask = np.zeros((20, 20), bool)
    mask[5:15, 5:15] = True
    soft = soft_edge(mask, 1.0)
    assert 0.05 < soft[10, 4] < 0.5 < soft[10, 5] < 0.95
    np.testing.assert_array_equal(soft_edge(mask, 0), mask)
