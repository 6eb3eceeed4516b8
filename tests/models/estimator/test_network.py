import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from particleforge.errors import UserError
from particleforge.models.estimator.augment import EstimatorAugment, varied
from particleforge.models.estimator.config import NetworkConfig
from particleforge.models.estimator.network import EstimatorNet, network_input, scaled_sigmoid
from particleforge.models.estimator.target import Batch, Regression

CONFIG = NetworkConfig(convolutions=(1, 1), channels=(4, 8), hidden=16, features=12)


def net(target, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return EstimatorNet(CONFIG, (16, 16), target).eval()


@given(st.floats(-50, 50), st.floats(-10, 10), st.floats(0.1, 10))
def test_the_scaled_sigmoid(logit, low, extent):
    found = float(scaled_sigmoid(torch.tensor(logit, dtype=torch.float64), low, low + extent))
    assert found == pytest.approx(low + extent / (1 + math.exp(-logit)), rel=1e-9, abs=1e-9)


def test_the_usual_network_is_the_published_one():
    usual = EstimatorNet(NetworkConfig(), (64, 64), Regression())
    convolutions = [layer for layer in usual.features if isinstance(layer, torch.nn.Conv2d)]
    pools = [number for number, layer in enumerate(usual.features) if isinstance(layer, torch.nn.MaxPool2d)]
    assert [layer.kernel_size for layer in convolutions] == [(3, 3)] * 9
    assert [(b - a - 1) // 3 for a, b in zip([-1, *pools[:-1]], pools, strict=True)] == [3, 2, 2, 2]
    assert usual.features(torch.zeros(2, 1, 64, 64)).shape == (2, 112)
    assert [layer.out_features for layer in usual.head if isinstance(layer, torch.nn.Linear)] == [64, 1]


def test_folded_pixels_become_channels():
    folded = EstimatorNet(CONFIG.replace(fold=2), (32, 32), Regression())
    convolutions = [layer for layer in folded.features if isinstance(layer, torch.nn.Conv2d)]
    assert convolutions[0].in_channels == 4
    assert folded.features(torch.zeros(2, 1, 32, 32)).shape == (2, 12)
    with pytest.raises(UserError, match="33 x 33"):
        EstimatorNet(CONFIG.replace(fold=2), (33, 33), Regression())


def test_pooled_globally_places_do_not_matter():
    config = CONFIG.replace(global_pooling=True)
    pooled = EstimatorNet(config, (64, 64), Regression(), outputs=3).eval()
    assert sum(map(torch.numel, pooled.parameters())) == sum(
        map(torch.numel, EstimatorNet(config, (16, 16), Regression(), outputs=3).parameters())
    )
    image = torch.zeros(1, 1, 64, 64)
    image[..., 20:28, 24:30] = 1
    found = pooled(image[None, 0])
    assert found.shape == (1, 3)
    assert torch.allclose(pooled(image.roll((4, 8), (2, 3))[None, 0]), found, atol=1e-6)  # by what is pooled: 4 px


def test_inverse_grey_values():
    target = Regression(grey="inverse", threshold=0.2)
    shares = torch.tensor([0, 51, 102, 255], dtype=torch.uint8)
    assert network_input(shares, target).tolist() == pytest.approx([-1, -1, 0, -0.6], abs=1e-5)
    assert network_input(shares, Regression()).tolist() == pytest.approx([-1, -0.6, -0.2, 1], abs=1e-5)


def test_joined_by_their_mean_images_have_no_order_and_may_be_repeated():
    model, features = net(Batch(at_once=4)), torch.rand(7, 12)
    predicted = model.predict(features)
    assert torch.allclose(model.predict(features[torch.randperm(7)]), predicted, atol=1e-6)
    assert torch.allclose(model.predict(features.repeat(3, 1)), predicted, atol=1e-6)
    assert not torch.allclose(model.predict(features[:6]), predicted, atol=1e-6)


@pytest.mark.parametrize("count", [1, 2, 4, 7, 20])
def test_concatenated_images_may_begin_with_any(count):
    model, features = net(Batch(at_once=4, join="concatenate")), torch.rand(count, 12)
    predicted = model.predict(features)
    assert torch.allclose(model.predict(features.roll(1, 0)), predicted, atol=1e-6)
    turns = [model.joined(features[[(first + k) % count for k in range(4)]][None]) for first in range(count)]
    assert torch.allclose(torch.sigmoid(torch.cat(turns)).mean(), predicted, atol=1e-6)


def test_one_image_by_itself_is_the_plain_network():
    model, images = net(Regression()), torch.rand(3, 1, 16, 16)
    features = model.features(images)
    each = torch.stack([model.predict(one[None]) for one in features])
    assert torch.allclose(each, torch.sigmoid(model(images))[:, 0], atol=1e-6)


def test_it_begins_at_the_mean():
    model = net(Regression())
    model.begin_at(0.8)
    for layer in model.head:
        if isinstance(layer, torch.nn.Linear):
            torch.nn.init.zeros_(layer.weight)
    assert torch.sigmoid(model(torch.rand(2, 1, 16, 16))).flatten().tolist() == pytest.approx([0.8, 0.8])


def test_images_too_small_for_the_poolings_are_refused():
    with pytest.raises(UserError, match="8 x 20 px; 4 poolings need at least 16 px"):
        EstimatorNet(NetworkConfig(), (8, 20), Regression())


def test_blocks_and_channels_go_together():
    with pytest.raises(UserError, match="2 blocks of convolutions but 1 of channels"):
        NetworkConfig.parse({"convolutions": [1, 1], "channels": [4]})


def images(count, shape=(12, 12)):
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, (count, 2, *shape), np.uint8))


def test_without_free_turns_images_are_only_reflected_and_turned_by_quarters():
    given = images(8)
    found = varied(given, EstimatorAugment(turned=0, shift=0), np.random.default_rng(1)).numpy()
    seen = set()
    for before, after in zip(given.reshape(-1, 12, 12).numpy(), found.reshape(-1, 12, 12), strict=True):
        ways = [np.rot90(one, k) for one in (before, before[:, ::-1]) for k in range(4)]
        fits = [k for k, way in enumerate(ways) if np.abs(after - way).max() < 0.1]
        assert len(fits) == 1
        seen.update(fits)
    assert len(seen) > 4


def test_oblong_images_keep_their_shape():
    given = images(8, (12, 20))
    found = varied(given, EstimatorAugment(turned=0, shift=0), np.random.default_rng(1)).numpy()
    for before, after in zip(given.reshape(-1, 12, 20).numpy(), found.reshape(-1, 12, 20), strict=True):
        ways = [before, before[:, ::-1], before[::-1], before[::-1, ::-1]]
        assert min(np.abs(after - way).max() for way in ways) < 0.1


def test_turned_images_keep_what_lies_near_the_middle():
    rows, columns = np.indices((32, 32)) - 15.5
    blob = 200 * np.exp(-(((rows - 4) ** 2 + (columns - 3) ** 2) / 8))
    given = torch.from_numpy(np.repeat(blob[None, None].astype(np.uint8), 16, 0))
    found = varied(given, EstimatorAugment(turned=1, shift=0), np.random.default_rng(0)).numpy()[:, 0]
    weights = found.sum((1, 2))
    assert weights == pytest.approx(np.full(16, float(given[0].sum())), rel=0.02)
    distances = np.hypot((found * rows).sum((1, 2)), (found * columns).sum((1, 2))) / weights
    assert distances == pytest.approx(np.full(16, 5.0), abs=0.1)


def test_gains_make_whole_images_brighter_or_darker():
    given = torch.full((32, 2, 12, 12), 100, dtype=torch.uint8)
    found = varied(given, EstimatorAugment(gain=0.2), np.random.default_rng(0)).numpy()
    assert np.ptp(found, axis=(2, 3)).max() < 1e-3
    assert 80 <= found.min() < 85
    assert 115 < found.max() <= 120
    white = varied(given + 155, EstimatorAugment(gain=0.2), np.random.default_rng(0))
    assert white.max() == 255


def test_the_same_numbers_give_the_same_images():
    one, other, third = (varied(images(3), EstimatorAugment(turned=1), np.random.default_rng(s)) for s in (5, 5, 6))
    assert torch.equal(one, other)
    assert not torch.equal(one, third)
