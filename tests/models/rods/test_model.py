from pathlib import Path

import numpy as np
import pytest
import torch

from particleforge.cli.main import main
from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.models.card import Card
from particleforge.models.normalize import normalize
from particleforge.models.opening import open_model
from particleforge.models.rods.model import Note, RodsModel
from particleforge.models.rods.network import RodsNet
from particleforge.models.rods.predict import find_rods
from particleforge.models.runner import Runner
from particleforge.models.stored import WEIGHTS
from particleforge.models.training import begin_training, train_model
from particleforge.models.training_params import TRAININGS
from particleforge.models.training_set import TrainingSet
from particleforge.models.unet_config import UNetConfig
from particleforge.models.weights import save_weights
from particleforge.recipes.recipe import Drawn
from particleforge.recipes.shapes.recipe import Shapes
from particleforge.step import run

TINY = UNetConfig(unet_n_depth=1, unet_n_filter_base=4, net_conv_after_unet=8)
NOTED = Note(network=TINY, prob_thresh=0.4, search_scales=(0.5, 1.0), provenance={"name": "mine"})


@pytest.fixture
def net() -> RodsNet:
    torch.manual_seed(0)
    return RodsNet(TINY).eval()


@pytest.fixture
def folder(net: RodsNet, tmp_path: Path) -> Path:
    Card(kind="rods", finished=True).write(tmp_path)
    RodsModel(net, NOTED).save(tmp_path)
    return tmp_path


def test_a_saved_model_is_read_back(net: RodsNet, folder: Path) -> None:
    model = open_model(folder, "detector")
    assert isinstance(model, RodsModel)
    assert model.note == NOTED
    image = torch.rand(1, 1, 32, 32)
    with torch.inference_mode():
        for own, read in zip(net(image), model.net(image), strict=True):
            torch.testing.assert_close(own, read)


@pytest.mark.parametrize("how", ["missing", "cut", "other"])
def test_broken_weights_are_reported(folder: Path, how: str) -> None:
    path = folder / WEIGHTS
    if how == "missing":
        path.unlink()
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:200])
    else:
        save_weights(torch.nn.Linear(2, 2), path)
    with pytest.raises(UserError, match=r"weights\.pt"):
        open_model(folder, "detector")


def test_tiles_change_nothing(net: RodsNet) -> None:
    with torch.no_grad():
        net.prob.conv.bias += 1.0
        net.rod.conv.weight *= 30
    image = normalize(np.random.default_rng(0).normal(size=(150, 170)).astype(np.float32))
    whole, tiled = (run(find_rods(Runner(net), image, 0.5, tile)) for tile in (2048, 32))
    assert len(whole.scores) > 10
    np.testing.assert_allclose(tiled.scores, whole.scores, atol=1e-5)
    np.testing.assert_allclose(tiled.rods.middles, whole.rods.middles, atol=1e-3)


@pytest.mark.parametrize("shape", [(1, 1), (7, 300), (64, 64)])
def test_images_of_any_size(folder: Path, shape: tuple[int, int]) -> None:
    found = open_model(folder, "detector").detect(np.zeros(shape, np.uint8))
    assert found.labels.shape == shape


RODS = {"diameter_px": 28, "outlines": [{"kind": "rod", "aspect": 7}], "contrast": 0.6}


@pytest.mark.slow
def test_training_learns_and_is_used(tmp_path: Path) -> None:
    recipe = Shapes.parse({"height_px": 96, "width_px": 96, "first": RODS, "second_share": 0, "lettering": 0})
    data = TrainingSet(synthetic=Drawn(recipe, None, 0, 24))
    settings = {"kind": "rods", "start": "scratch", "minutes": None, "steps": 6, "patch_px": 64, "batch_size": 2}
    params = TRAININGS.parse(settings | {"validations": 1, "device": "cpu"})
    begin_training(tmp_path, params, "drawn rods")
    model = run(train_model(data, tmp_path, params))
    assert model.provenance["steps"] == 6
    assert open_model(tmp_path, "detector").detect(Micrograph(recipe_image(recipe))).shape == (96, 96)
    with pytest.raises(UserError, match="finished"):
        run(train_model(data, tmp_path, params))


def recipe_image(recipe: Shapes) -> np.ndarray:
    return Drawn(recipe, None, 1, 1)[0].micrograph.pixels


@pytest.mark.slow
def test_an_exported_network_gives_the_same(folder: Path, net: RodsNet, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    target = tmp_path / "rods.onnx"
    assert main(["export", str(folder), str(target), "--format", "onnx"]) == 0
    image = np.random.default_rng(0).random((64, 48), np.float32)
    (found,) = onnxruntime.InferenceSession(target.read_bytes()).run(None, {"image": image[None, :, :, None]})
    with torch.inference_mode():
        prob, rod = net(torch.from_numpy(image)[None, None])
    np.testing.assert_allclose(found[0, ..., 0], torch.sigmoid(prob)[0, 0], atol=1e-5)
    np.testing.assert_allclose(found[0, ..., 1:], rod[0].permute(1, 2, 0), atol=1e-4)
