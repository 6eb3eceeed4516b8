from dataclasses import fields, replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.stardist.kind import BASE
from particleforge.models.stardist.model import StarDistModel
from particleforge.models.stardist.network import StarDistNet

TINY = Path(__file__).parent / "data/official_tiny"


def tiny_image():
    return np.load(TINY / "case.npz")["image"]


def random_model(**options):
    torch.manual_seed(0)
    net = StarDistNet(StarDistConfig(n_rays=8, unet_n_depth=2, unet_n_filter_base=2, net_conv_after_unet=4))
    torch.nn.init.constant_(net.dist.conv.bias, 5)
    return StarDistModel(net.eval(), **({"prob_thresh": 0.5} | options))


def test_save_and_load_keep_everything(tmp_path):
    model = random_model(
        prob_thresh=0.37,
        nms_thresh=0.21,
        percentiles=(0.5, 99.0),
        working_scale=0.61,
        pixel_size_nm=0.8,
        search_scales=(0.3, 0.6),
        target_px=20.0,
        provenance={"real": ["a", "b"], "synthetic": 12, "training": {"seed": 3}},
    )
    model.save(tmp_path / "model")
    again = StarDistModel.load(tmp_path / "model")
    for name in (field.name for field in fields(StarDistModel) if field.name != "net"):
        assert getattr(again, name) == getattr(model, name), name
    for name, tensor in model.net.state_dict().items():
        assert torch.equal(tensor, again.net.state_dict()[name]) or name.endswith("num_batches_tracked")
    image = Micrograph(np.random.default_rng(0).integers(0, 255, (90, 70)))
    assert np.array_equal(model.predict(image).labels, again.predict(image).labels)


def test_an_official_folder_is_run_as_it_is():
    model = StarDistModel.load(TINY)
    assert model.percentiles == (1.0, 99.8)
    assert (model.working_scale, model.search_scales) == (1.0, ())


def test_finer_pixels_give_the_same_particles():
    y, x = np.mgrid[:128, :150]
    pixels = np.random.default_rng(0).normal(180, 6, y.shape)
    for row, column in product((4, 40, 76, 112), (3, 42, 80, 118)):  # those at the border are cut by it
        pixels[np.hypot(y - row, x - column) < 11] -= 90
    model = replace(StarDistModel.load(BASE), pixel_size_nm=1.0, working_scale=1.0)
    usual = model.predict(Micrograph(pixels, (1.0, 1.0)))
    finer = model.predict(Micrograph(pixels.repeat(2, 0).repeat(2, 1), (0.5, 0.5)))
    assert finer.labels.shape == (256, 300)
    assert len(finer.scores) == len(usual.scores) == 16
    assert (finer.labels > 0).mean() == pytest.approx((usual.labels > 0).mean(), rel=0.01)


@pytest.mark.parametrize("dtype", [np.int32, np.uint16, np.float32, np.float64])
def test_equal_values_of_any_type_give_equal_labels(dtype):
    model, image = StarDistModel.load(TINY), tiny_image()
    assert np.array_equal(
        model.predict(Micrograph(image.astype(dtype))).labels, model.predict(Micrograph(image)).labels
    )


def test_smaller_tiles_give_the_same_particles():
    model, image = StarDistModel.load(TINY), Micrograph(tiny_image().repeat(4, 0).repeat(4, 1))
    tiled = replace(model, tile_px=64)
    assert max(progress.total for progress in tiled.predict_steps(image)) > 1
    assert np.array_equal(tiled.predict(image).labels > 0, model.predict(image).labels > 0)


def test_brightness_and_contrast_make_no_difference():
    model, image = StarDistModel.load(TINY), tiny_image().astype(np.float32)
    one, other = model.predict(Micrograph(image)), model.predict(Micrograph(image * 16 + 1024))
    assert np.array_equal(one.labels > 0, other.labels > 0)


@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (1, 700), (700, 2), (16, 1025)])
@pytest.mark.parametrize("scale", [0.3, 1.0, 2.5])
@pytest.mark.parametrize("constant", [True, False])
def test_unusual_images(shape, scale, constant):
    pixels = np.full(shape, 80) if constant else np.random.default_rng(0).integers(0, 255, shape)
    found = random_model(working_scale=scale).predict(Micrograph(pixels))
    assert found.labels.shape == shape and found.labels.max() <= len(found.scores)


def test_few_bright_pixels_on_an_even_ground():
    pixels = np.full((80, 80), 10, np.uint8)
    pixels[40, 41] = 255
    found = random_model().predict(Micrograph(pixels))
    assert np.isfinite(found.dist).all() and found.dist.max() < 1000


def test_pixels_that_are_not_finite_and_stacks_are_refused():
    with pytest.raises(UserError, match="NaN"):
        random_model().predict(Micrograph(np.full((30, 30), np.nan)))
    with pytest.raises(UserError, match="stack"):
        random_model().predict(Micrograph(np.zeros((3, 30, 30)), axes="ZYX"))
