"""ONNX: the network alone."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn

from particleforge.errors import UserError
from particleforge.models.stardist.model import StarDistModel
from particleforge.models.stardist.network import StarDistNet
from particleforge.store.files import atomic_write

OPSET = 18
MIN_DIST_PX = 1e-3
"""Minimum distance to an outline, as in the official package."""


def write(model: StarDistModel, path: Path) -> None:
    """Write the network as an ONNX file.

    Its input `image` is (1, height, width, 1) float32, normalised, height and width divisible by
    `config.divisor`; its output `prob_dist` is (1, height / grid, width / grid, 1 + n_rays) float32: probability,
    then distances in pixels.

    Parameters
    ----------
    model
        Its network is exported; thresholds and working scale cannot be stored in ONNX.
    path
        New file NAME.onnx.

    Raises
    ------
    UserError
        If the file exists or the packages onnx and onnxscript are missing.
    """
    missing = [name for name in ("onnx", "onnxscript") if find_spec(name) is None]
    if missing:
        raise UserError(
            f"To export a model, {' and '.join(missing)} must be installed.",
            "Run: pip install 'napari-particleforge[export]'",
        )
    check_new(path)
    wrapped = _ChannelLast(model.net).cpu().eval()
    divisor = model.net.config.divisor
    rows, columns = (step * torch.export.Dim(name) for step, name in zip(divisor, ("rows", "columns"), strict=True))
    example = torch.zeros(1, 3 * divisor[0], 5 * divisor[1], 1)
    with atomic_write(path) as part, _silent():
        torch.onnx.export(
            wrapped,
            (example,),
            part,
            input_names=["image"],
            output_names=["prob_dist"],
            opset_version=OPSET,
            dynamic_shapes={"image": {1: rows, 2: columns}},
            dynamo=True,
            external_data=False,
            verbose=False,
        )


class _ChannelLast(nn.Module):
    """The network with one input and one output, channels last."""

    def __init__(self, net: StarDistNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: Tensor) -> Tensor:
        logits, dist = self.net(image.permute(0, 3, 1, 2))
        return torch.cat([torch.sigmoid(logits), dist.clamp(min=MIN_DIST_PX)], 1).permute(0, 2, 3, 1)


@contextmanager
def _silent() -> Iterator[None]:
    """Hide messages of torch's exporter about packages and operators that are not used here."""
    log = logging.getLogger("torch.onnx")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(before)


def check_new(path: Path) -> None:
    """Check that a file can be written.

    Raises
    ------
    UserError
        If it exists already, or its folder does not exist.
    """
    if path.exists():
        raise UserError(f"{path} exists; nothing is overwritten.", "Choose another name, or remove it.")
    if not path.parent.is_dir():
        raise UserError(f"{path.parent} is not a folder.", "Create it first.")
