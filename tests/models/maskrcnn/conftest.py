"""Tiny networks and images that tests of Mask R-CNN share."""

import numpy as np
import pytest
import torch
from skimage.draw import disk

from particleforge.micrograph import Micrograph
from particleforge.models.maskrcnn.config import MaskRCNNConfig
from particleforge.models.maskrcnn.network import MaskRCNNNet
from particleforge.models.maskrcnn.train_params import MaskRCNNTraining
from particleforge.models.unet_config import UNetConfig
from particleforge.sample import Sample

TINY = MaskRCNNConfig(
    unet=UNetConfig(unet_n_filter_base=4, net_conv_after_unet=8, unet_n_depth=1, unet_batch_norm=True),
    channels=8,
    box_features=16,
    anchors_px=(20.0, 28.0),
)
"""Two levels, at 2 and 4 px per point."""


@pytest.fixture
def tiny():
    return TINY


@pytest.fixture
def params():
    """A training of a few steps on small patches."""
    return MaskRCNNTraining(network=TINY, minutes=None, steps=6, patch_px=62, batch_size=1, validations=3)


@pytest.fixture
def net():
    torch.manual_seed(0)
    return MaskRCNNNet(TINY).eval()


@pytest.fixture
def discs():
    """Nine discs of a radius of 12 px on an image of 160 px."""
    labels = np.zeros((160, 160), np.uint32)
    for k in range(9):
        labels[disk((30 + 50 * (k // 3), 30 + 50 * (k % 3)), 12)] = k + 1
    return Sample(Micrograph(np.where(labels > 0, 180, 60).astype(np.uint8), name="discs"), labels)
