"""A broken model is refused when it is loaded, or when it gives no numbers; it never finds "0 particles"."""

import json
import pickle
import shutil
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from particleforge.errors import UserError
from particleforge.models.card import CHECKPOINT
from particleforge.models.fit import Settings, Task, fit
from particleforge.models.opening import open_model
from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.stardist.kind import StarDistKind
from particleforge.models.stardist.model import StarDistModel
from particleforge.models.training_params import TrainingParams
from particleforge.models.weights import MOST_WEIGHTS

TINY = Path(__file__).parent / "data/official_tiny"
WEIGHTS = "weights_best.h5"
PROBE = "dist/dist/kernel:0"


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(TINY, tmp_path / "model"))


def refused(folder):
    """Sentence with which a model is refused; it takes no time."""
    began = time.process_time()
    with pytest.raises(UserError) as error:
        open_model(folder, "detector")
    assert time.process_time() - began < 3
    assert error.value.hint
    return str(error.value)


def weights_like(folder, part):
    """Path in the file of weights whose name ends like this."""
    found = []
    with h5py.File(folder / WEIGHTS) as file:
        file.visititems(lambda name, item: found.append(name) if name.endswith(part) else None)
    return found[0]


def spoil_weights(folder, part, value, where=0):
    name = weights_like(folder, part)
    with h5py.File(folder / WEIGHTS, "r+") as file:
        values = file[name][()]
        if where is None:
            values[...] = value
        else:
            values.flat[where] = value
        file[name][...] = values


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("part", ["bias:0", "kernel:0", "gamma:0", "moving_mean:0"])
def test_weights_that_are_not_finite_are_refused(folder, part, value):
    spoil_weights(folder, part, value)
    sentence = refused(folder)
    assert WEIGHTS in sentence and part.split(":")[0] in sentence
    assert "holds 1 of" in sentence and "not finite" in sentence


def test_negative_variances_and_kernels_of_zeros_are_refused(folder):
    spoil_weights(folder, "moving_variance:0", -1.0)
    assert "variances are not negative" in refused(folder)
    shutil.rmtree(folder)
    shutil.copytree(TINY, folder)
    spoil_weights(folder, "kernel:0", 0.0, where=None)
    assert "holds zeros only" in refused(folder)


def replace_weights(folder, part, **options):
    name = weights_like(folder, part)
    with h5py.File(folder / WEIGHTS, "r+") as file:
        del file[name]
        file.create_dataset(name, **options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"shape": (40_000, 40_000, 4_000), "dtype": "f8", "chunks": (64, 64, 64)}, "has shape (40000, 40000, 4000)"),
        ({"data": np.array([b"abc", b"def"])}, "has shape|holds"),
        ({"data": 1.0}, "has shape ()"),
    ],
)
def test_weights_of_another_shape_are_refused_before_they_are_read(folder, options, words):
    replace_weights(folder, "bias:0", **options)
    assert any(word in refused(folder) for word in words.split("|"))


def test_weights_too_large_for_32_bits_and_texts_are_refused(folder):
    name = weights_like(folder, "bias:0")
    with h5py.File(folder / WEIGHTS) as file:
        shape = file[name].shape
    replace_weights(folder, "bias:0", data=np.full(shape, 1e300))
    assert "not finite" in refused(folder)
    replace_weights(folder, "bias:0", data=np.full(shape, b"abc"))
    assert "must be numbers" in refused(folder)


def test_a_network_whose_output_is_not_finite_finds_nothing_and_says_so(folder):
    spoil_weights(folder, "dist/bias:0", 3e38)
    spoil_weights(folder, "features/bias:0", 3e38)
    spoil_weights(folder, "prob/bias:0", 3e38)  # so that something is found
    model = StarDistModel.load(folder)
    with pytest.raises(UserError, match="The network gives numbers that are not finite"):
        model.detect(np.random.default_rng(0).normal(size=(64, 64)))


@pytest.mark.parametrize("share", [0, 0.001, 0.05, 0.3, 0.6, 0.9, 0.999])
def test_weights_cut_short_are_refused(folder, share):
    path = folder / WEIGHTS
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert f"{WEIGHTS} is broken" in refused(folder)


def test_spoilt_bytes_give_a_model_or_a_sentence(folder):
    """Whatever happens to single bytes of the structure of the file, there is no other error."""
    path, rng = folder / WEIGHTS, np.random.default_rng(1)
    whole = np.frombuffer(path.read_bytes(), np.uint8)
    for _ in range(60):
        spoilt = whole.copy()
        spoilt[rng.integers(0, len(whole), 4)] = rng.integers(0, 256, 4)
        path.write_bytes(spoilt.tobytes())
        try:
            model = StarDistModel.load(folder)
        except UserError:
            continue
        assert all(torch.isfinite(tensor).all() for tensor in model.net.state_dict().values())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"prob": NaN, "nms": 0.4}', "prob = nan"),
        ('{"prob": 0.5, "nms": NaN}', "nms = nan"),
        ('{"prob": 2.0, "nms": 0.4}', "prob = 2.0: Input should be less than 1"),
        ('{"prob": 0, "nms": 0.4}', "prob = 0: Input should be greater than 0"),
        ('{"prob": Infinity, "nms": 0.4}', "prob = inf"),
        ('{"prob": 1e999, "nms": 0.4}', "prob = inf"),
        ('{"prob": true, "nms": 0.4}', "prob = True"),
        ('{"prob": 0.5, "nms": true}', "nms = True"),
        ('{"prob": 0.5, "nms": -0.1}', "nms = -0.1: Input should be greater than or equal to 0"),
        ('{"prob": "0.5", "nms": 0.4}', "prob = '0.5'"),
        ('{"prob": [0.5], "nms": 0.4}', "prob = [0.5]"),
        ("[" * 5000, "nested more than"),
        ("9" * 5000, "a number that is too long"),
    ],
)
def test_thresholds_beyond_their_limits_are_refused(folder, text, words):
    (folder / "thresholds.json").write_text(text)
    sentence = refused(folder)
    assert "thresholds.json" in sentence and words in sentence


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("unet_pool", [1000, 1000]),
        ("unet_pool", [True, 2]),
        ("unet_n_depth", 8),
        ("unet_n_conv_per_depth", 100_000),
        ("unet_n_filter_base", 10**9),
        ("unet_kernel_size", [1001, 1001]),
        ("net_conv_after_unet", 10**12),
        ("n_rays", 10**6),
        ("n_rays", 2),
        ("grid", [2**40, 2]),
        ("grid", [0, 2]),
        ("n_rays", float("nan")),
        ("unet_prefix", "x" * 10**6),
    ],
)
def test_a_config_beyond_its_limits_is_refused_with_the_key(folder, key, value):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    sentence = refused(folder)
    assert "config.json" in sentence and key in sentence


def test_numbers_that_are_absurd_together_are_refused(folder):
    path = folder / "config.json"
    known = json.loads(path.read_text())
    path.write_text(json.dumps(known | {"unet_pool": [8, 8], "unet_n_depth": 6}))
    assert "unet_pool (8, 8) to the power of unet_n_depth 6" in refused(folder)
    path.write_text(json.dumps(known | {"unet_n_filter_base": 512, "unet_n_depth": 7, "unet_kernel_size": [31, 31]}))
    assert f"at most {MOST_WEIGHTS // 10**6} million are possible" in refused(folder)


def test_the_largest_possible_config_is_known_at_once():
    began = time.process_time()
    assert StarDistConfig(unet_pool=(2, 2), unet_n_depth=7, grid=(8, 8)).halo_px > (0, 0)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("note", "words"),
    [
        ("percentiles: [99, 1]", "the first must be below the second"),
        ("percentiles: [-1, 120]", "percentiles"),
        ("working_scale: .inf", "working_scale"),
        ("working_scale: 1.0e+9", "working_scale"),
        ("working_scale: true", "working_scale"),
        ("pixel_size_nm: 0", "pixel_size_nm"),
        ("margin: 1000000", "margin"),
        (f"search_scales: [{', '.join(['1'] * 101)}]", "search_scales"),
        ("target_px: 1.0e+12", "target_px"),
        ("a: &a [*a]", "contains itself"),
        ("n: " + "[" * 500 + "]" * 500, "nested more than"),
    ],
)
def test_a_note_beyond_its_limits_is_refused(folder, note, words):
    (folder / "particleforge.yaml").write_text(note)
    sentence = refused(folder)
    assert "particleforge.yaml" in sentence and words in sentence
    assert StarDistKind.source(folder)  # the list of models shows it all the same


class Line(Task[torch.nn.Linear, torch.Tensor]):
    """A small network that learns nothing much."""

    def network(self):
        return torch.nn.Linear(2, 1)

    def batch(self, number, used):
        return torch.ones(1, 2)

    def loss(self, net, batch):
        return net(batch).square().mean()

    def validate(self, net):
        return {"held_out_loss": 1.0}


SETTINGS = Settings(TrainingParams(minutes=None, steps=3, validations=1), 0.01)


class Attack:
    """Something that runs code when it is unpickled."""

    def __reduce__(self):
        return (Path.touch, (Path("executed"),))


def test_a_checkpoint_that_is_broken_or_hostile_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for _ in fit(Line(), tmp_path, SETTINGS):
        pass
    path = tmp_path / CHECKPOINT
    saved, whole = torch.load(path, weights_only=True), path.read_bytes()
    broken = saved | {"net": {name: tensor * torch.nan for name, tensor in saved["net"].items()}}
    others = [{"step": 3}, [1, 2], saved | {"seconds": float("nan")}, broken, saved | {"net": {}}, saved | {"best": 3}]
    for other in others:
        torch.save(other, path)
        with pytest.raises(UserError, match=r"checkpoint\.pt is broken"):
            next(fit(Line(), tmp_path, SETTINGS))
    for text in (pickle.dumps(Attack()), pickle.dumps({"net": Attack()}), b"", whole[: len(whole) // 2], whole[:-1]):
        path.write_bytes(text)
        with pytest.raises(UserError, match=r"checkpoint\.pt is broken"):
            next(fit(Line(), tmp_path, SETTINGS))
    assert not Path("executed").exists()
