"""Weights that torchvision trained on COCO, from a file that the user has; nothing is downloaded."""

from __future__ import annotations

from pathlib import Path

import torch

from particleforge.errors import UserError
from particleforge.models.maskrcnn.config import BACKBONES
from particleforge.models.maskrcnn.network import MaskRCNNNet
from particleforge.models.pretrained import cached_weights, check_hash
from particleforge.models.weights import stored_tensors


def cached_file(backbone: str) -> Path:
    """File of the weights for a backbone in torch's own folder of downloads.

    Raises
    ------
    UserError
        If there are no such weights, or the file is not there.
    """
    name: str = BACKBONES.get(backbone).COCO
    if not name:
        raise UserError(
            f"There are no COCO weights for the backbone {backbone}.", "Start from base or scratch, or use resnet50."
        )
    return cached_weights(name, f"The COCO weights for {backbone}")


def fill_from_coco(net: MaskRCNNNet, path: Path) -> int:
    """Take over the weights of a file that fit; return how many tensors they were.

    Parameters
    ----------
    net
        A network; its backbone decides which weights are used.
    path
        A file of torchvision, NAME-HASH.pth; the hash in its name is checked.

    Raises
    ------
    UserError
        If the file is missing, is not one of torchvision's, or differs from what its name states.
    """
    check_hash(path)
    given = stored_tensors(path)
    used, own = BACKBONES.get(net.config.backbone).FROM_COCO, net.state_dict()
    fitting = {
        name: tensor
        for name, tensor in given.items()
        if name.startswith(used) and name in own and own[name].shape == tensor.shape
    }
    if not fitting or not any(name.startswith("backbone.body.") for name in fitting):
        raise UserError(
            f"{path} holds no weights for the backbone {net.config.backbone}.",
            f"The file for it is {BACKBONES.get(net.config.backbone).COCO or 'unknown to torchvision'}.",
        )
    if bad := [name for name, tensor in fitting.items() if not torch.isfinite(tensor).all()]:
        raise UserError(f"{path}: {bad[0]} holds numbers that are not finite.", "Download the file again.")
    net.load_state_dict(own | fitting)
    return len(fitting)
