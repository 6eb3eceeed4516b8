"""The same results in torch and in onnxruntime, with batch normalisation and without."""

import copy
import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.models import runner, unet_graph
from particleforge.models.runner import OnnxRunner, Runner, fastest_runner
from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.stardist.model import StarDistModel
from particleforge.models.stardist.network import StarDistNet
from particleforge.models.stardist.options import StarDistOptions
from particleforge.step import run

TINY = Path(__file__).parent / "stardist/data/official_tiny"
CPU = torch.device("cpu")
configs = st.builds(
    StarDistConfig,
    n_rays=st.integers(3, 9),
    grid=st.sampled_from([(1, 1), (2, 2), (4, 1)]),
    unet_n_depth=st.integers(1, 2),
    unet_kernel_size=st.sampled_from([(3, 3), (1, 5)]),
    unet_n_filter_base=st.integers(2, 5),
    unet_n_conv_per_depth=st.integers(1, 3),
    unet_pool=st.sampled_from([(2, 2), (3, 2)]),
    unet_activation=st.sampled_from(["relu", "elu", "selu", "tanh", "sigmoid", "linear"]),
    unet_last_activation=st.sampled_from(["relu", "linear", None]),
    unet_batch_norm=st.booleans(),
    net_conv_after_unet=st.sampled_from([0, 6]),
)


def network(config: StarDistConfig, seed: int = 0) -> StarDistNet:
    """A network whose weights, biases and statistics are all random."""
    torch.manual_seed(seed)
    net = StarDistNet(config).eval()
    with torch.no_grad():
        for tensor in net.state_dict().values():
            if tensor.is_floating_point() and tensor.ndim == 1:
                tensor.add_(0.3 * torch.rand_like(tensor))
    return net


def tile(config: StarDistConfig, rows: int = 2, columns: int = 3) -> np.ndarray:
    shape = rows * config.divisor[0], columns * config.divisor[1]
    return np.random.default_rng(0).random(shape, np.float32)


def everywhere(one: Runner, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    found = one(image)
    return found.prob, found.described(np.argwhere(found.prob > -1)).reshape(*found.prob.shape, -1)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(configs, st.integers(1, 3), st.integers(1, 3))
def test_every_runner_gives_what_the_network_gives(config, rows, columns):
    net, image = network(config), tile(config, rows, columns)
    with torch.inference_mode():
        logits, dist = net(torch.from_numpy(image)[None, None])
    true = torch.sigmoid(logits)[0, 0].numpy(), dist[0].permute(1, 2, 0).numpy()
    for one in (Runner(net), Runner(net.folded()), OnnxRunner(net)):
        for map_, true_map in zip(everywhere(one, image), true, strict=True):
            assert map_ == pytest.approx(true_map, abs=2e-5 * max(1.0, float(np.abs(true_map).max())))


def test_folding_leaves_the_network_alone():
    net = network(StarDistConfig(unet_n_depth=1, unet_batch_norm=True))
    before = copy.deepcopy(net.state_dict())
    folded = net.folded()
    assert any(isinstance(layer, torch.nn.BatchNorm2d) for layer in net.modules())
    assert not any(isinstance(layer, torch.nn.BatchNorm2d) for layer in folded.modules())
    with torch.no_grad():
        folded.prob.conv.weight.zero_()
    assert all(torch.equal(net.state_dict()[name], tensor) for name, tensor in before.items())


def test_distances_are_computed_only_where_they_are_wanted():
    config = StarDistConfig(n_rays=5, unet_n_depth=1, unet_n_filter_base=2)
    found = Runner(network(config))(tile(config, 4, 4))
    cells = np.array([[3, 1], [0, 2]])
    assert found.described(cells).shape == (2, 5) and found.described(cells[:0]).shape == (0, 5)
    whole = found.described(np.argwhere(found.prob > -1)).reshape(*found.prob.shape, 5)
    assert found.described(cells) == pytest.approx(whole[cells[:, 0], cells[:, 1]], rel=1e-6)


def test_the_fastest_runner_is_onnxruntime_unless_it_is_missing_or_switched_off(monkeypatch):
    net = network(StarDistConfig(unet_n_depth=1, unet_n_filter_base=2))
    assert type(fastest_runner(net, CPU)) is OnnxRunner
    assert type(fastest_runner(net, CPU, "torch")) is Runner
    monkeypatch.setattr(runner, "find_spec", lambda name: None)
    assert type(fastest_runner(net, CPU)) is Runner


def test_torch_is_used_where_onnxruntime_gives_something_else(monkeypatch, caplog):
    config = StarDistConfig(unet_n_depth=1, unet_n_filter_base=2)
    other = unet_graph.embedding_graph(network(config, seed=1))
    monkeypatch.setattr(unet_graph, "embedding_graph", lambda net: other)
    with caplog.at_level(logging.WARNING):
        assert type(fastest_runner(network(config), CPU)) is Runner
    assert "onnxruntime gives other results" in caplog.text


@pytest.mark.parametrize("make", [Runner, OnnxRunner])
def test_numbers_that_are_not_finite_are_refused(make):
    config = StarDistConfig(n_rays=4, unet_n_depth=1, unet_n_filter_base=2)
    for layer in ("prob", "dist"):
        net = network(config)
        with torch.no_grad():
            getattr(net, layer).conv.bias.fill_(torch.inf)
        with pytest.raises(UserError, match="not finite"):
            everywhere(make(net), tile(config))


def test_official_models_stay_in_torch_as_they_are():
    model = StarDistModel.load(TINY)
    run(model.steps(Micrograph(np.zeros((30, 40), np.float32))))
    (prepared,) = model._runners.values()
    assert type(prepared) is Runner and prepared.net is model.net


def test_a_model_of_ours_is_prepared_once_and_finds_the_same_either_way(tmp_path):
    image = Micrograph(np.load(TINY / "case.npz")["image"])
    official = StarDistModel.load(TINY)
    StarDistModel(official.net, official.prob_thresh, official.nms_thresh).save(tmp_path / "ours")
    model = StarDistModel.load(tmp_path / "ours")
    found = [run(model.steps(image, StarDistOptions(engine=engine))) for engine in ("auto", "auto", "torch")]
    assert [type(one) for one in model._runners.values()] == [OnnxRunner, Runner]
    assert len(found[0].scores) > 5
    for other in found[1:]:
        assert np.array_equal(found[0].labels, other.labels)
