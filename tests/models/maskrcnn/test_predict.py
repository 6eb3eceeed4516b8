"""Finding particles in tiles."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from particleforge.errors import UserError
from particleforge.mask import Mask
from particleforge.models.maskrcnn.config import MASK_PX
from particleforge.models.maskrcnn.model import MaskRCNNModel, Note
from particleforge.models.maskrcnn.network import MaskRCNNNet
from particleforge.models.maskrcnn.predict import Limits, Objects, object_steps
from particleforge.models.maskrcnn.scale_search import plausibility
from particleforge.step import run


class Squares(MaskRCNNNet):
    """Finds bright squares exactly, as far as they lie in what it sees."""

    def __init__(self, config):
        super().__init__(config)
        self.halo_px = 16

    def forward(self, images, targets=None):
        places = ndimage.find_objects(ndimage.label(images[0, 0].numpy() > 0.5)[0])
        boxes = [[c.start, r.start, c.stop, r.stop] for r, c in places][: self.roi_heads.detections_per_img]
        return [
            {
                "boxes": torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
                "scores": torch.full((len(boxes),), 0.9),
                "labels": torch.ones(len(boxes), dtype=torch.int64),
                "masks": torch.ones(len(boxes), 1, MASK_PX, MASK_PX),
            }
        ]


@pytest.fixture
def squares(tiny):
    return Squares(tiny).eval()


def image_of_squares(step=20, side=300):
    image = np.zeros((side, side), np.float32)
    for row in range(4, side - 12, step):
        for column in range(4, side - 12, step):
            image[row : row + 12, column : column + 12] = 1
    return image


def found_in(net, image, **limits):
    return run(object_steps(net, image, image.shape, Limits(0.5, reach_px=12, **limits)))


@pytest.mark.parametrize("tile_px", [64, 100, 1000])
def test_every_particle_is_found_once_whatever_the_tiles(squares, tile_px):
    image = image_of_squares()
    covered = np.zeros(image.shape, int)
    for mask in found_in(squares, image, tile_px=tile_px).masks:
        covered[mask.places] += 1
    assert np.array_equal(covered, image)


def test_a_tile_with_too_many_particles_is_divided(squares):
    found = found_in(squares, image_of_squares(), tile_px=1000, most=120)
    assert not found.crowded and len(found.masks) == 15 * 15


def test_more_particles_than_are_possible_are_not_cut_without_a_word(squares):
    image = image_of_squares(step=14, side=200)
    assert found_in(squares, image, most=20).crowded
    with pytest.raises(UserError, match="more than 20 particles were found"):
        MaskRCNNModel(squares, Note(network=squares.config)).detect(image, most=20, scale=1.0)


def test_an_image_without_particles_gives_none(squares):
    found = found_in(squares, np.zeros((70, 90), np.float32))
    assert len(found.masks) == len(found.scores) == len(found.classes) == 0


@pytest.mark.parametrize("shape", [(1, 1), (5, 200), (33, 47)])
def test_images_of_any_size_can_be_searched(net, shape):
    image = np.random.default_rng(0).random(shape, np.float32)
    found = run(object_steps(net, image, shape, Limits(0.01, reach_px=12)))
    assert all(mask.clipped(shape) is mask for mask in found.masks)


def test_weights_that_give_no_numbers_are_refused(net):
    net.roi_heads.mask_predictor.mask_fcn_logits.bias.data.fill_(torch.nan)
    with pytest.raises(UserError, match="not finite"):
        run(object_steps(net, np.random.default_rng(0).random((64, 64), np.float32), (64, 64), Limits(0.01)))


def test_larger_and_surer_particles_are_more_plausible():
    def rated(side, score, crowded=False):
        masks = [Mask(0, 0, np.ones((side, side), bool))]
        return plausibility(Objects(masks, np.array([score], np.float32), np.zeros(1, np.int64), crowded), 100)

    assert rated(9, 0.9) > rated(9, 0.6) > rated(3, 0.6)
    assert rated(9, 0.9, crowded=True) == 0
