import numpy as np
import pytest
import torch
from csbdeep.utils import normalize as csbdeep_normalize
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from particleforge.models.normalize import normalize, rescale
from particleforge.models.runner import Runner
from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.stardist.network import StarDistNet
from particleforge.models.stardist.predict import map_steps, network_maps
from particleforge.step import run

IMAGE = np.random.default_rng(0).random((150, 101), np.float32)


def network(**options):
    torch.manual_seed(0)
    options = {"n_rays": 5, "unet_n_filter_base": 3, "unet_n_depth": 2, "net_conv_after_unet": 4} | options
    net = StarDistNet(StarDistConfig(**options))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.03)  # otherwise little of the far input comes through
    return net


@pytest.mark.slow
@pytest.mark.parametrize("tile_px", [1, 8, 24, 40, 96, 140])
@pytest.mark.parametrize("options", [{}, {"grid": (4, 1), "unet_batch_norm": True}, {"unet_pool": (3, 2)}])
def test_tiles_change_nothing(tile_px, options):
    net = network(**options)
    if tile_px == 1:
        net = network(**options | {"unet_n_depth": 1})
    whole, tiled = network_maps(net, IMAGE), network_maps(net, IMAGE, tile_px)
    for one, other in zip(whole, tiled, strict=True):
        assert one.std() > 0
        assert np.abs(one - other).max() < 1e-5 * max(1, np.abs(one).max())


def test_progress_counts_tiles_up_to_the_last():
    progress = list(map_steps(Runner(network()), IMAGE, 64))
    assert [(p.done, p.total) for p in progress] == [(i + 1, len(progress)) for i in range(len(progress))]
    assert len(progress) == 3 * 2


def test_maps_cover_the_image_mirrored_at_its_end():
    net = network()
    prob, dist = network_maps(net, IMAGE)
    assert prob.shape == (152 // 2, 104 // 2) and dist.shape == (152 // 2, 104 // 2, 5)
    mirrored = np.pad(IMAGE, [(0, 2), (0, 3)], mode="reflect")
    assert np.array_equal(network_maps(net, mirrored)[0], prob)
    with torch.no_grad():
        logits, _ = net.eval()(torch.from_numpy(mirrored)[None, None])
    assert prob == pytest.approx(torch.sigmoid(logits)[0, 0].numpy(), abs=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (1, 400), (2, 37)])
def test_tiny_and_thin_images(shape):
    prob, _ = network_maps(network(), np.ones(shape, np.float32))
    assert np.isfinite(prob).all()


# ---- normalisation

grey_images = arrays(np.float32, (9, 7), elements=st.integers(-1000, 1000))


@given(grey_images, st.floats(0, 20), st.floats(80, 100))
def test_normalize_is_csbdeeps(image, low, high):
    low_grey, high_grey = np.percentile(image, (low, high))
    if high_grey - low_grey > 1:
        theirs = csbdeep_normalize(image.astype(float), low, high, dtype=float)  # in float32 its percentiles are coarse
        assert normalize(image, low, high) == pytest.approx(theirs, rel=1e-5, abs=1e-3)


def test_normalize_of_a_constant_image_is_zero():
    assert not normalize(np.full((5, 6), 7.3, np.float32)).any()


def test_normalize_of_few_bright_pixels_on_an_even_ground_stays_small():
    image = np.full((100, 100), 10, np.float32)
    image[3, 4] = 250
    result = normalize(image)
    assert result.min() == 0 and result.max() == 1


# ---- resizing


@settings(max_examples=40)
@given(st.integers(10, 60), st.integers(10, 60), st.floats(0.2, 3))
def test_rescale_keeps_the_mean_of_a_smooth_image(height, width, factor):
    y, x = np.mgrid[:height, :width]
    image = (5 + 0.02 * y - 0.03 * x).astype(np.float32)
    result = rescale(image, factor)
    assert result.shape == (round(height * factor), round(width * factor))
    assert result.mean() == pytest.approx(image.mean(), rel=5e-3)


def test_rescale_smooths_where_it_shrinks():
    noise = np.random.default_rng(0).normal(100, 10, (200, 200)).astype(np.float32)
    small = rescale(noise, 0.25)
    assert small.mean() == pytest.approx(noise.mean(), rel=1e-3)
    assert small.std() < 4


def test_rescale_by_one_is_the_image_itself():
    assert np.array_equal(rescale(IMAGE, 1), IMAGE)


@pytest.mark.parametrize("factor", [0.01, 0.5, 3.0])
def test_rescale_of_one_pixel(factor):
    result = rescale(np.full((1, 1), 4, np.float32), factor)
    assert result.size >= 1 and (result == 4).all()


# ---- distances at some points


@pytest.mark.parametrize("tile_px", [2112, 40])
def test_distances_are_those_of_the_whole_map_where_they_are_computed(tile_px):
    net = network()
    prob, dist = network_maps(net, IMAGE)
    least = float(np.median(prob))
    seen, some = run(map_steps(Runner(net), IMAGE, tile_px, least))
    assert seen == pytest.approx(prob, abs=1e-5)
    rows, columns = np.nonzero(np.minimum(seen, prob) >= least)
    assert 0 < len(rows) < 0.6 * prob.size
    assert some[rows, columns] == pytest.approx(dist[rows, columns], rel=1e-4)
    inner = some.without_margin(3)
    far = (rows >= 3) & (columns >= 3)
    assert np.array_equal(inner[rows[far] - 3, columns[far] - 3], some[rows[far], columns[far]])


def test_distances_that_were_not_computed_are_not_made_up():
    _, some = run(map_steps(Runner(network()), IMAGE, least_prob=2.0))
    with pytest.raises(IndexError, match="were not computed"):
        some[np.array([3]), np.array([4])]
