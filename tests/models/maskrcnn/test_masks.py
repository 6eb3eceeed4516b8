"""Masks in windows of their own."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from skimage.draw import disk, polygon
from torchvision.ops import roi_align

from particleforge.mask import Mask
from particleforge.models.detections import Masks
from particleforge.models.maskrcnn.config import MASK_PX
from particleforge.models.maskrcnn.masks import pasted, without_duplicates

SHAPE = (120, 140)


def encoded(mask):
    """Box of a mask and what the network would have to predict in it, as torchvision computes targets."""
    rows, columns = np.nonzero(mask)
    box = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], np.float32)
    rois = torch.from_numpy(np.append(np.float32(0), box))[None]
    image = torch.from_numpy(mask.astype(np.float32))[None, None]
    return box, roi_align(image, rois, (MASK_PX, MASK_PX), 1.0)[0, 0].numpy()


def iou(one, other):
    return (one & other).sum() / (one | other).sum()


def full(mask, shape=SHAPE):
    out = np.zeros(shape, bool)
    out[mask.places] = True
    return out


@given(st.floats(6, 40), st.floats(45, 75), st.floats(45, 90))
def test_a_disc_survives_encoding(radius, y, x):
    true = np.zeros(SHAPE, bool)
    true[disk((y, x), radius, shape=SHAPE)] = True
    box, soft = encoded(true)
    mask = pasted(soft, box, (1.0, 1.0), SHAPE)
    assert iou(full(mask), true) > (0.9 if radius > 10 else 0.8)


@given(st.floats(0, np.pi), st.floats(30, 100))
def test_a_rod_survives_encoding(angle, length):
    along, across = np.array([np.sin(angle), np.cos(angle)]), np.array([np.cos(angle), -np.sin(angle)])
    corners = np.array([60, 70]) + np.outer([1, 1, -1, -1], along * length / 2) + np.outer([1, -1, -1, 1], across * 4)
    true = np.zeros(SHAPE, bool)
    true[polygon(*corners.T, SHAPE)] = True
    box, soft = encoded(true)
    assert iou(full(pasted(soft, box, (1.0, 1.0), SHAPE)), true) > 0.75


def test_a_mask_seen_at_another_scale_has_the_size_it_has_in_the_image():
    small, large = (np.zeros(shape, bool) for shape in ((60, 70), SHAPE))
    small[disk((30, 35), 12)] = True
    large[disk((60.5, 70.5), 24)] = True
    box, soft = encoded(small)
    assert iou(full(pasted(soft, box, (0.5, 0.5), SHAPE)), large) > 0.93


def test_a_mask_outside_the_image_is_none_and_one_at_the_edge_is_cut():
    soft = np.ones((MASK_PX, MASK_PX), np.float32)
    assert pasted(soft, np.array([300, 10, 320, 30.0]), (1.0, 1.0), SHAPE) is None
    assert pasted(0 * soft, np.array([10, 10, 30, 30.0]), (1.0, 1.0), SHAPE) is None
    mask = pasted(soft, np.array([130, 110, 150, 130.0]), (1.0, 1.0), SHAPE)
    assert full(mask).sum() == 10 * 10


def test_of_two_masks_that_overlap_much_the_better_one_is_kept():
    square = np.ones((20, 20), bool)
    masks = [Mask(10, 10, square), Mask(12, 12, square), Mask(10, 25, square), Mask(60, 60, square)]
    scores = np.array([0.7, 0.9, 0.8, 0.2], np.float32)
    assert without_duplicates(masks, scores, 0.5, SHAPE).tolist() == [1, 2, 3]
    assert without_duplicates(masks, scores, 0.9, SHAPE).tolist() == [1, 2, 0, 3]
    assert without_duplicates([], np.zeros(0, np.float32), 0.5, SHAPE).tolist() == []


def test_one_that_only_overlaps_a_dropped_one_is_kept():
    square = np.ones((20, 20), bool)
    chain = [Mask(10, 10 + 6 * k, square) for k in range(3)]
    assert without_duplicates(chain, np.array([0.9, 0.8, 0.7], np.float32), 0.5, SHAPE).tolist() == [0, 2]


def test_masks_are_painted_by_score_and_move():
    square = np.ones((20, 20), bool)
    masks = Masks([Mask(10, 10, square), Mask(20, 20, square)])
    labels = masks.paint(SHAPE, np.array([0.9, 0.5], np.float32))
    assert (labels[10:30, 10:30] == 1).all() and labels[35, 35] == 2
    moved = masks.moved(5, 0).paint(SHAPE, np.array([0.9, 0.5], np.float32))
    assert np.array_equal(moved[5:], labels[:-5])
    assert masks.only(np.array([1])).paint(SHAPE, np.ones(1, np.float32))[35, 35] == 1


@pytest.mark.parametrize("places", [[(0, 0), (0, 9)], [(3, 4)]])
def test_the_middle_of_a_mask_lies_in_it(places):
    pixels = np.zeros((10, 10), bool)
    pixels[tuple(zip(*places, strict=True))] = True
    row, column = Mask(100, 200, pixels).middle
    assert pixels[row - 100, column - 200]
