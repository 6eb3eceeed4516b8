"""A broken estimator is refused when it is loaded, and gives no number that is none."""

import io
import pickle
import shutil
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.models.estimator.kind import HETERO, NOTE
from particleforge.models.estimator.model import Estimator
from particleforge.models.opening import open_model

NET = "0_value.npz"


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(HETERO, tmp_path / "model"))


def refused(folder):
    began = time.process_time()
    with pytest.raises(UserError) as error:
        open_model(folder, "estimator")
    assert time.process_time() - began < 5
    return str(error.value)


def weights(folder):
    with np.load(folder / NET) as file:
        return {name: file[name] for name in file.files}


def save(folder, changed):
    with (folder / NET).open("wb") as file:
        np.savez_compressed(file, **changed)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_weights_that_are_not_finite_are_refused(folder, value):
    known = weights(folder)
    name = next(name for name in known if name.endswith("bias"))
    spoilt = known[name].astype(float)
    spoilt[0] = value
    save(folder, known | {name: spoilt})
    assert f"{NET}: {name} holds 1 of {spoilt.size} numbers that are not finite" in refused(folder)


def test_weights_of_another_network_are_refused(folder):
    known = weights(folder)
    name = next(name for name in known if name.endswith("bias"))
    save(folder, known | {name: np.zeros(3)})
    assert "has shape (3,), not" in refused(folder)
    save(folder, known | {"more": np.zeros(3)})
    assert "holds other layers" in refused(folder)
    save(folder, {inner: values for inner, values in known.items() if inner != name})
    assert "holds other layers" in refused(folder)
    save(folder, known | {name: np.full(known[name].shape, "text")})
    assert "must be numbers" in refused(folder) or "is larger" in refused(folder)


def test_weights_that_unfold_to_gigabytes_are_refused_unread(folder):
    known = weights(folder)
    name = next(name for name in known if name.endswith("bias"))
    save(folder, known | {name: np.zeros(10**7)})
    assert f"{name} is larger than" in refused(folder)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**14,)})
    with zipfile.ZipFile(folder / NET, "w") as file:
        for inner in known:
            file.writestr(f"{inner}.npy", header.getvalue())
    assert f"{NET} is broken" in refused(folder)


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_weights_cut_short_are_refused(folder, share):
    whole = (folder / NET).read_bytes()
    (folder / NET).write_bytes(whole[: int(len(whole) * share)])
    assert f"{NET} is broken" in refused(folder)


class Attack:
    def __reduce__(self):
        return (Path.touch, (Path("executed"),))


def test_a_pickle_is_not_executed(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (folder / NET).write_bytes(pickle.dumps(Attack()))
    assert f"{NET} is broken" in refused(folder)
    known = weights(HETERO)
    save(folder, known | {next(iter(known)): np.array([Attack()], object)})
    assert NET in refused(folder)
    assert not Path("executed").exists()


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (("network", "channels"), [10**9] * 4, "network.channels.0 = 1000000000"),
        (("network", "hidden"), 0, "network.hidden = 0"),
        (("network", "convolutions"), [10**6] * 4, "network.convolutions.0 = 1000000"),
        (("preparation", "height_px"), 10**9, "preparation.height_px = 1000000000"),
        (("preparation", "high"), -1e9, "is not below high"),
        (("preparation", "low"), float("nan"), "preparation.low = nan"),
        (("parts", 0, "limits"), [1, 0], "the first limit must be below the second"),
        (("parts", 0, "limits"), [0, float("inf")], "finite"),
        (("parts", 0, "limits"), [False, 1], "a number is needed"),
        (("parts",), [], "parts"),
    ],
)
def test_a_note_beyond_its_limits_is_refused(folder, place, value, words):
    note = yaml.safe_load((folder / NOTE).read_text())
    inner = note
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    (folder / NOTE).write_text(yaml.safe_dump(note))
    sentence = refused(folder)
    assert NOTE in sentence and words in sentence


def test_numbers_that_are_absurd_together_are_refused(folder):
    note = yaml.safe_load((folder / NOTE).read_text())
    note["preparation"] |= {"height_px": 8192, "width_px": 8192}
    note["network"] |= {"channels": [1024] * len(note["network"]["channels"]), "hidden": 4096, "global_pooling": False}
    (folder / NOTE).write_text(yaml.safe_dump(note))
    assert "million weights; at most 200 million are possible" in refused(folder)


def test_an_output_that_is_not_finite_is_no_estimate(folder):
    known = weights(folder)
    biases = [name for name in known if name.endswith("bias")]
    save(folder, known | {name: np.full_like(known[name], 3e38) for name in biases})
    estimator = Estimator.load(folder)
    size = estimator.preparation.height_px
    pixels = np.random.default_rng(0).uniform(estimator.preparation.low, estimator.preparation.high, (size, size))
    image = Micrograph(pixels.astype(np.float32)).with_pixel_size(estimator.preparation.pixel_size_nm)
    with pytest.raises(UserError, match="gives numbers that are not finite"):
        estimator.estimate([image])
