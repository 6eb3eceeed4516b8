import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.stardist.device_targets import device_targets
from particleforge.models.stardist.targets import targets

CONFIG = StarDistConfig(n_rays=64)


def ellipses(seed, count, side=64):
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((side, side))
    labels = np.zeros((side, side), np.int32)
    for label in range(1, count + 1):
        y, x, angle = rng.uniform(0, side), rng.uniform(0, side), rng.uniform(0, np.pi)
        a, b = rng.uniform(4, 16, 2)
        along = (rows - y) * np.sin(angle) + (columns - x) * np.cos(angle)
        across = (rows - y) * np.cos(angle) - (columns - x) * np.sin(angle)
        labels[(along / a) ** 2 + (across / b) ** 2 <= 1] = label
    return labels


def both(images, known, config=CONFIG):
    ours = device_targets(torch.from_numpy(np.stack(images)), torch.from_numpy(np.stack(known)), config)
    return ours, [targets(image, here, config) for image, here in zip(images, known, strict=True)]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 9), st.sampled_from([(2, 2), (1, 1), (4, 2)]))
def test_distances_are_those_of_the_compiled_kernel(seed, count, grid):
    images = [ellipses(seed, count), ellipses(seed + 1, 3)]
    known = [np.random.default_rng(seed).random((64, 64)) > 0.1 for _ in images]
    ours, theirs = both(images, known, StarDistConfig(n_rays=32, grid=grid))
    for one, other in enumerate(theirs):
        np.testing.assert_allclose(ours.dist[one].numpy(), other.dist, atol=1e-3)
        np.testing.assert_array_equal(ours.weight[one, 0].numpy(), other.weight)
        np.testing.assert_array_equal(ours.prob[one, 0].numpy() > 0, other.prob > 0)


def test_probabilities_are_nearly_those_of_the_exact_distance_transform():
    images = [ellipses(seed, 4, 128) for seed in range(4)]
    ours, theirs = both(images, [np.ones(image.shape, bool) for image in images])
    for one, other in enumerate(theirs):
        away = np.abs(ours.prob[one, 0].numpy() - other.prob)[other.prob > 0]
        assert away.mean() < 0.02
        assert np.quantile(away, 0.95) < 0.06


def test_the_border_of_the_image_is_no_edge_of_a_particle():
    labels = np.zeros((64, 64), np.int32)
    labels[:20, 20:40] = 1
    ours, theirs = both([labels], [np.ones(labels.shape, bool)])
    np.testing.assert_allclose(ours.prob[0, 0].numpy(), theirs[0].prob, atol=0.05)


@pytest.mark.parametrize("value", [0, 7])
def test_images_of_one_label_work(value):
    labels = np.full((32, 32), value, np.int32)
    ours = device_targets(torch.from_numpy(labels)[None], torch.ones((1, 32, 32), dtype=torch.bool), CONFIG)
    assert all(torch.isfinite(part).all() for part in ours)
    assert bool((ours.prob > 0).all()) == (value > 0)
