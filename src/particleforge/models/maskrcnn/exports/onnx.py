"""ONNX: the network with the suppression of overlapping boxes; masks are those in the boxes."""

import io
import warnings
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn

from particleforge.errors import UserError
from particleforge.models.maskrcnn.model import MaskRCNNModel
from particleforge.models.maskrcnn.network import MaskRCNNNet
from particleforge.store.files import atomic_write, check_new_file

OPSET = 18
MOST = 300
"""Most particles in an image."""
NAMES = ("boxes", "labels", "scores", "masks")


def write(model: MaskRCNNModel, path: Path) -> None:
    """Write the network as an ONNX file.

    Its input ``image`` is (1, 1, Y, X) normalised grey values at working scale, both sides divisible by the divisor of
    the network. Its outputs are ``boxes`` (n, 4), ``labels`` (n,) from 1 on, ``scores`` (n,) and ``masks``
    (n, 1, 28, 28) in the boxes. Duplicates by the overlap of masks are not removed.

    Parameters
    ----------
    model
        Its smallest score is kept; the working scale cannot be stored in ONNX.
    path
        New file NAME.onnx.

    Raises
    ------
    UserError
        If the file exists, or the package onnx is not installed.
    """
    check_new_file(path)
    if find_spec("onnx") is None:
        raise UserError("The package onnx is needed for this.", "Install it: pip install onnx")
    net = model.net.cpu().prepared()
    net.limit(model.note.least_score, MOST)
    side = max(128, net.divisor)
    whole = io.BytesIO()
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter(
            "ignore"
        )  # on values that torchvision's operators keep constant, and on the older exporter
        torch.onnx.export(
            _Named(net),
            (torch.rand(1, 1, side, side),),
            whole,  # type: ignore[arg-type]
            dynamo=False,  # the newer one cannot follow the choice of boxes
            opset_version=OPSET,
            input_names=["image"],
            output_names=list(NAMES),
            dynamic_axes={"image": {2: "height", 3: "width"}, **{name: {0: "particles"} for name in NAMES}},
        )
    with atomic_write(path) as part:
        part.write_bytes(whole.getbuffer())


class _Named(nn.Module):
    """The network for one image, its outputs in the order of `NAMES`."""

    def __init__(self, net: MaskRCNNNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        (found,) = self.net(image)
        return tuple(found[name] for name in NAMES)
