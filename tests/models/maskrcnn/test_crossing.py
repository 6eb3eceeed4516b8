"""Two rods that cross come back as two whole rods."""

import numpy as np
import pytest
from skimage.draw import polygon

from particleforge.micrograph import Micrograph
from particleforge.models.maskrcnn.train_params import MaskRCNNTraining
from particleforge.models.maskrcnn.training import train_maskrcnn
from particleforge.models.training_set import TrainingSet
from particleforge.outline import Outline
from particleforge.sample import Sample
from particleforge.step import run

SIDE = 96
ANGLES = (np.deg2rad(20), np.deg2rad(80))
CALM = {"turned": 0.0, "noise": 0.0, "blur_sigma_px": 0.0, "shading": 0.0, "gamma": 1.0}


def crossing(seed):
    """Two half-transparent rods, 60 degrees apart."""
    rng = np.random.default_rng(seed)
    labels, grey, outlines = np.zeros((SIDE, SIDE), np.uint32), np.full((SIDE, SIDE), 60.0), []
    middle = rng.uniform(42, 54, 2)
    for label, angle in enumerate(ANGLES, start=1):
        along = np.array([np.sin(angle), np.cos(angle)])
        across = np.array([along[1], -along[0]])
        ends = np.outer([1, 1, -1, -1], 24 * along) + np.outer([1, -1, -1, 1], 5 * across)
        corners = middle + rng.uniform(-5, 5) * along + ends
        places = polygon(*corners.T, labels.shape)
        labels[places] = label
        grey[places] += 70
        outlines.append(Outline(label, corners, 0.9))
    pixels = np.clip(grey + rng.normal(0, 4, grey.shape), 0, 255).astype(np.uint8)
    return Sample(Micrograph(pixels, name=str(seed)), labels, targets={"outlines": tuple(outlines)})


def overlap(outline, mask):
    true, found = np.zeros((2, SIDE, SIDE), bool)
    true[polygon(*outline.points_px.T, true.shape)] = True
    found[mask.places] = True
    return (true & found).sum() / (true | found).sum()


@pytest.mark.slow
def test_two_rods_that_cross_come_back_as_two_whole_masks(tmp_path):
    params = MaskRCNNTraining(
        minutes=None, steps=110, patch_px=SIDE, validations=1, learning_rate=3e-3, averaged_steps=10, augment=CALM
    )
    samples = TrainingSet([crossing(seed) for seed in range(20)])
    model = run(train_maskrcnn(samples, tmp_path, params.replace(diameter_px=22)))
    shown = crossing(100)
    found = model.detect(shown.micrograph, scale=model.note.working_scale)
    assert found.outlines.whole
    best = [max((overlap(one, mask), k) for k, mask in enumerate(found.outlines.masks[:2])) for one in shown.outlines]
    assert min(iou for iou, _ in best) > 0.6, (found.scores, best)
    assert {k for _, k in best} == {0, 1}
