import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.stardist.instances import Thresholds, instances

CONFIG = StarDistConfig(n_rays=64, grid=(2, 2))


def found(prob, dist, shape, *, config=CONFIG, scale=1.0, nms=0.4):
    maps = np.asarray(prob, np.float32), np.asarray(dist, np.float32)
    return instances(*maps, config=config, thresholds=Thresholds(0.5, nms), shape=shape, scale=scale)


def disc_maps(size, centre, radius, config=CONFIG):
    """Maps a perfect network would give for one disc, all in pixels of the image it saw."""
    rays = 2 * math.pi * np.arange(config.n_rays) / config.n_rays
    y, x = np.mgrid[: size[0] : config.grid[0], : size[1] : config.grid[1]]
    dy, dx = centre[0] - y, centre[1] - x
    along = dy[..., None] * np.sin(rays) + dx[..., None] * np.cos(rays)
    aside = (dy**2 + dx**2)[..., None] - along**2
    dist = along + np.sqrt(np.maximum(radius**2 - aside, 0))
    return np.clip(1 - np.hypot(dy, dx) / radius, 0, 1), np.where((np.hypot(dy, dx) < radius)[..., None], dist, 0)


def test_nothing_likely_gives_empty_labels():
    result = found(np.full((20, 30), 0.5), np.full((20, 30, 64), 5), (39, 57))
    assert result.labels.shape == (39, 57) and result.labels.dtype == np.uint32
    assert not result.labels.any()
    assert result.scores.shape == (0,) and result.points.shape == (0, 2) and result.dist.shape == (0, 64)
    assert not result.first(0).any()


@settings(max_examples=25)
@given(
    st.sampled_from((0.5, 0.77, 1.0, 1.31, 2.0)),
    st.floats(8, 25),
    st.tuples(st.floats(30, 70), st.floats(30, 90)),
)
def test_a_disc_keeps_size_and_place_at_any_scale(scale, radius_px, centre):
    shape = (101, 127)
    size = [max(1, round(length * scale)) for length in shape]
    factors = np.divide(size, shape)
    seen_centre = (np.asarray(centre) + 0.5) * factors - 0.5
    result = found(*disc_maps(size, seen_centre, radius_px * scale), shape, scale=scale)
    assert len(result.scores) == 1
    area = (result.labels == 1).sum()
    assert 2 * math.sqrt(area / math.pi) == pytest.approx(2 * radius_px, rel=0.02, abs=0.35)  # abs: pixels are whole
    centroid = np.argwhere(result.labels).mean(0)
    assert np.abs(centroid - centre).max() < 0.5
    rays = 2 * math.pi * np.arange(64) / 64
    outline = result.points[0] + result.dist[0][:, None] * np.stack([np.sin(rays), np.cos(rays)], 1)
    assert np.hypot(*(outline - centre).T) == pytest.approx(np.full(64, radius_px), rel=0.02)


def test_more_instances_than_16_bits_hold():
    side, config = 262, StarDistConfig(n_rays=4, grid=(1, 1))
    result = found(np.full((side, side), 0.9), np.full((side, side, 4), 0.4), (side, side), config=config)
    inner = result.labels[2:-2, 2:-2]
    assert inner.size > 65_535
    assert len(result.scores) == inner.size == len(np.unique(inner))
    assert inner.min() == 1 and inner.max() == inner.size


def test_the_padded_part_and_the_padded_border_hold_no_object():
    prob, dist = np.zeros((20, 20)), np.full((20, 20, 64), 3.0)
    prob[1, 10] = prob[18, 10] = 0.9  # in the two rows along the padded map's border
    prob[10, 15] = 0.9  # at x = 30, behind the end of the image
    prob[10, 12] = 0.9
    result = found(prob, dist, (40, 30))
    assert result.points.tolist() == [[20, 24]]


def test_of_two_that_overlap_the_likelier_stays_and_scores_fall():
    prob, dist = np.zeros((30, 30)), np.full((30, 30, 64), 6.0)
    prob[10, 10], prob[10, 11], prob[20, 20] = 0.7, 0.9, 0.8
    result = found(prob, dist, (60, 60))
    assert result.points.tolist() == [[20, 22], [40, 40]]
    assert result.scores == pytest.approx([0.9, 0.8])
    assert result.labels[20, 22] == 1 and result.labels[40, 40] == 2
    assert set(np.unique(result.first(1))) == {0, 1}
    assert len(found(prob, dist, (60, 60), nms=1.0).scores) == 3


def test_negative_distances_do_no_harm():
    prob = np.zeros((20, 20))
    prob[10, 10] = 0.9
    result = found(prob, np.full((20, 20, 64), -5.0), (40, 40))
    assert (result.dist > 0).all() and (result.labels > 0).sum() <= 1


@pytest.mark.parametrize("scale", [1.0, 0.5])
@pytest.mark.parametrize("beyond_px", [-6, 2, 6])
def test_a_disc_whose_middle_lies_beyond_the_border_is_found_with_a_margin(beyond_px, scale):
    margin, radius, (height, width) = 4, 15, (60, 80)
    maps = disc_maps((height + 16, width + 16), (30 + 8, 8 - beyond_px), radius)
    shape = round(height / scale), round(width / scale)
    options = {"config": CONFIG, "thresholds": Thresholds(0.5, 0.4), "shape": shape, "scale": scale}
    maps = tuple(np.asarray(part, np.float32) for part in maps)
    result = instances(*maps, **options, margin=margin)
    y, x = np.mgrid[: shape[0], : shape[1]]
    true = np.hypot((y + 0.5) * scale - 0.5 - 30, (x + 0.5) * scale - 0.5 + beyond_px) <= radius
    assert len(result.scores) == 1
    assert (true & (result.labels == 1)).sum() / (true | (result.labels == 1)).sum() > 0.9


def test_what_lies_in_the_margin_alone_is_left_out():
    prob, dist = disc_maps((76, 96), (38, 4), 3)
    result = instances(
        np.float32(prob), np.float32(dist), config=CONFIG, thresholds=Thresholds(0.5, 0.4), shape=(60, 80), margin=4
    )
    assert result.scores.shape == (0,) and result.points.shape == (0, 2) and not result.labels.any()
