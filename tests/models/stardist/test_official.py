import json
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.models.normalize import normalize
from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.stardist.instances import Thresholds
from particleforge.models.stardist.model import StarDistModel
from particleforge.models.stardist.network import StarDistNet
from particleforge.models.stardist.official import read_official, write_official
from particleforge.models.stardist.predict import network_maps

TINY = Path(__file__).parent / "data/official_tiny"
"""Trained, run and saved by the official package; written by benchmarks/stardist_official.py."""


def network(**options):
    torch.manual_seed(1)
    config = {"n_rays": 8, "unet_n_depth": 2, "unet_n_filter_base": 2, "net_conv_after_unet": 4} | options
    net = StarDistNet(StarDistConfig(**config)).eval()
    with torch.no_grad():
        for name, tensor in net.state_dict().items():
            if tensor.is_floating_point():
                tensor.add_(torch.rand_like(tensor) * (0.5 if "norm" in name else 0.1))
    return net


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(TINY, tmp_path / "model"))


@pytest.fixture(scope="module")
def case():
    return dict(np.load(TINY / "case.npz"))


# ---- what the official package wrote


def test_maps_are_the_official_ones(case):
    net, _ = read_official(TINY)
    assert net.config.unet_batch_norm
    prob, dist = network_maps(net, normalize(case["image"].astype(np.float32)))
    assert prob.shape == case["prob"].shape and dist.shape == case["dist"].shape
    assert np.abs(prob - case["prob"]).max() < 1e-4
    assert np.abs(dist - case["dist"]).max() < 1e-4


def test_labels_are_the_official_ones(case):
    labels, true = StarDistModel.load(TINY).predict(Micrograph(case["image"])).labels, case["labels"]
    at_border = np.concatenate([true[0], true[-1], true[:, 0], true[:, -1]])
    assert true.max() >= 5 and len(np.unique(at_border[at_border > 0])) >= 2  # the case is worth something
    assert np.array_equal(labels, true)


def test_thresholds_are_those_of_the_file(folder):
    stored = json.loads((folder / "thresholds.json").read_text())
    assert read_official(folder)[1] == Thresholds(**stored)
    (folder / "thresholds.json").unlink()
    assert read_official(folder)[1] == Thresholds(0.5, 0.4)


@pytest.mark.parametrize("name", ["weights_last.h5", "weights_now.h5"])
def test_other_names_of_weights(folder, case, name):
    (folder / "weights_best.h5").rename(folder / name)
    assert StarDistModel.load(folder).predict(Micrograph(case["image"])).labels.max() == case["labels"].max()


# ---- what we write


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"unet_batch_norm": True},
        {"grid": (1, 1), "net_conv_after_unet": 0},
        {"grid": (1, 4), "unet_batch_norm": True, "unet_n_conv_per_depth": 3, "unet_kernel_size": (3, 5)},
        {"unet_prefix": "net_", "unet_last_activation": None, "unet_activation": "elu"},
    ],
)
def test_written_and_read_again_is_the_same(tmp_path, options):
    net = network(**options)
    write_official(tmp_path / "new" / "model", net, Thresholds(0.3, 0.2))
    again, thresholds = read_official(tmp_path / "new" / "model")
    image = np.random.default_rng(0).random((40, 56), np.float32)
    for one, other in zip(network_maps(net, image), network_maps(again, image), strict=True):
        assert np.array_equal(one, other)
    assert thresholds == Thresholds(0.3, 0.2)
    assert again.config.replace(other={}) == net.config


def test_further_official_keys_are_kept(folder, tmp_path):
    net, thresholds = read_official(folder)
    write_official(tmp_path / "copy", net, thresholds)
    before, after = (json.loads((path / "config.json").read_text()) for path in (folder, tmp_path / "copy"))
    assert after == before


def test_written_layers_are_those_of_keras(folder, tmp_path):
    net, thresholds = read_official(folder)
    write_official(tmp_path / "copy", net, thresholds)
    with h5py.File(folder / "weights_best.h5") as official, h5py.File(tmp_path / "copy" / "weights_best.h5") as ours:
        theirs = [name for name in official.attrs["layer_names"] if len(official[name].attrs["weight_names"])]
        for one, other in zip(map(str, theirs), map(str, ours.attrs["layer_names"]), strict=True):
            assert one.split("_")[0] == other.split("_")[0]
            shapes = [[group[n].shape for n in group.attrs["weight_names"]] for group in (official[one], ours[other])]
            assert shapes[0] == shapes[1]


# ---- what cannot be read


def change_config(folder, **changes):
    data = json.loads((folder / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps(data))


def no_config(folder):
    (folder / "config.json").unlink()


def no_weights(folder):
    (folder / "weights_best.h5").unlink()


def keras_3_only(folder):
    (folder / "weights_best.h5").rename(folder / "best.weights.h5")


def truncated(folder):
    weights = folder / "weights_best.h5"
    weights.write_bytes(weights.read_bytes()[:5000])


def text_as_weights(folder):
    (folder / "weights_best.h5").write_text("not weights")


def foreign_h5(folder):
    with h5py.File(folder / "weights_best.h5", "w") as file:
        file["x"] = 1


def no_json(folder):
    (folder / "config.json").write_text("{n_rays")


def a_list(folder):
    (folder / "config.json").write_text("[1]")


def wrong_thresholds(folder):
    (folder / "thresholds.json").write_text('{"prob": "high", "nms": 0.3}')


def wrong_note(folder):
    (folder / "particleforge.yaml").write_text("working_scale: big\n")


def with_(**changes):
    return lambda folder: change_config(folder, **changes)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (no_config, "config.json cannot be read"),
        (no_weights, "holds none of weights_best.h5"),
        (keras_3_only, "best.weights.h5 in the format of Keras 3"),
        (truncated, "weights_best.h5 is broken"),
        (text_as_weights, "weights_best.h5 is broken"),
        (foreign_h5, "weights_best.h5 is broken"),
        (no_json, "not valid JSON"),
        (a_list, "holds a list"),
        (wrong_thresholds, "prob = 'high'"),
        (wrong_note, "working_scale = 'big'"),
        (with_(n_rays=32), r"layer dist has shape \(1, 1, 8, 16\)|layer dist has shape"),
        (with_(unet_n_depth=3), "is missing|has shape"),
        (with_(unet_batch_norm=False), "layers not described in config.json: batch_normalization"),
        (with_(net_conv_after_unet=0), "has shape|not described"),
        (with_(n_dim=3), "n_dim = 3"),
        (with_(n_classes=2), "n_classes = 2"),
        (with_(backbone="resnet"), "backbone = 'resnet'"),
        (with_(n_channel_in=3), "n_channel_in = 3"),
        (with_(grid=[3, 3]), "grid"),
        (with_(n_rays="many"), "n_rays"),
    ],
)
def test_spoilt_folders_are_refused_in_words(folder, spoil, words):
    spoil(folder)
    with pytest.raises(UserError, match=words):
        StarDistModel.load(folder)


def test_no_folder(tmp_path):
    with pytest.raises(UserError, match="is not a folder"):
        StarDistModel.load(tmp_path / "none")
    with pytest.raises(UserError, match="is not a folder"):
        StarDistModel.load(TINY / "config.json")
