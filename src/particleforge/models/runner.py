"""Run a trained network on a tile of an image, in torch or in onnxruntime."""

import logging
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from particleforge.errors import UserError
from particleforge.models.grid_net import GridNet
from particleforge.models.scaled_options import Engine
from particleforge.models.weights import COPY

_LOG = logging.getLogger(__name__)
Floats = npt.NDArray[np.float32]
LARGEST_DIFFERENCE = 1e-4
"""Of the results of onnxruntime from those of torch: of probabilities, and of descriptions relative to the largest."""
_NOT_FINITE = "The network gives numbers that are not finite, so nothing can be found with it."


class Runner:
    """A network in torch, on the device on which it is.

    Parameters
    ----------
    net
        The network; it is switched to prediction.
    """

    def __init__(self, net: GridNet) -> None:
        self.net = net.eval()
        self.config = net.config
        self.device = next(net.parameters()).device

    @torch.inference_mode()
    def __call__(self, tile: Floats) -> "Embedded":
        """Run it on (Y, X) grey values whose sides are divisible by `config.divisor`."""
        image = torch.from_numpy(np.ascontiguousarray(tile))[None, None]
        logits, features = self.embed(image.to(self.device))
        return Embedded(self.net, logits[0, 0].cpu(), features[0])

    def embed(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Compute logits and features of (1, 1, Y, X) grey values; see `UNet.embed`."""
        features = self.net.embed(image.contiguous(memory_format=torch.channels_last))
        return self.net.prob(features), features


class OnnxRunner(Runner):
    """A network in onnxruntime, on the CPU: its convolutions take half the time of those in torch.

    Parameters
    ----------
    net
        The network, on the CPU.
    """

    def __init__(self, net: GridNet) -> None:
        import onnxruntime

        from particleforge.models.unet_graph import embedding_graph

        super().__init__(net)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 3  # errors only
        options.enable_mem_pattern = False  # it would keep room for every size of tile
        providers = ["CPUExecutionProvider"]
        self._session = onnxruntime.InferenceSession(embedding_graph(net), options, providers=providers)

    def embed(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Compute logits and features of (1, 1, Y, X) grey values; see `UNet.embed`."""
        on_grid = [side // step for side, step in zip(image.shape[2:], self.config.grid, strict=True)]
        channels = self.net.channels
        logits, features = (torch.empty(1, count, *on_grid) for count in (1, channels))
        binding = self._session.io_binding()  # the features of a large tile are not copied
        binding.bind_cpu_input("image", image.numpy())
        for name, tensor in (("logits", logits), ("features", features)):
            binding.bind_output(name, "cpu", 0, np.float32, tensor.shape, tensor.data_ptr())
        self._session.run_with_iobinding(binding)
        return logits, features


class Embedded:
    """A tile in which the network has computed all but the description, which few points need.

    Parameters
    ----------
    net
        The network.
    logits
        (h, w) on the CPU.
    features
        (C, h, w) on the device of the network.
    """

    def __init__(self, net: GridNet, logits: Tensor, features: Tensor) -> None:
        self._head, self._features = net.head.conv, features.permute(1, 2, 0)
        self.prob: Floats = torch.sigmoid(_finite(logits)).numpy()

    @torch.inference_mode()
    def described(self, cells: npt.NDArray[np.int64]) -> Floats:
        """(n, channels) what the head gives at (n, 2) points of the grid."""
        rows, columns = torch.from_numpy(cells).to(self._features.device).T
        found = F.linear(self._features[rows, columns], self._head.weight[:, :, 0, 0], self._head.bias)
        described: Floats = _finite(found.cpu()).numpy()
        return described


def _finite(values: Tensor) -> Tensor:
    if not torch.isfinite(values).all():
        raise UserError(_NOT_FINITE, COPY)
    return values


def fastest_runner(net: GridNet, device: torch.device, engine: Engine = "auto") -> Runner:
    """Prepare a network for prediction: batch normalisation folded, on a CPU in onnxruntime if it is installed.

    The network itself stays as it is. onnxruntime is used only if its results on a test image are those of torch.

    Parameters
    ----------
    net
        The network. Later changes of its weights have no effect.
    device
        Where it is to run.
    engine
        ``auto`` or ``torch``.
    """
    runner = Runner(net.folded().to(device))
    if device.type != "cpu" or engine == "torch" or find_spec("onnxruntime") is None:
        return runner
    fast = OnnxRunner(runner.net)
    if _same(fast, runner):
        return fast
    _LOG.warning("onnxruntime gives other results than torch for this network, so torch is used.")
    return runner


def _same(one: Runner, other: Runner) -> bool:
    """Whether two runners give the same on an image of noise."""
    sides = [step * max(1, 64 // step) for step in one.config.divisor]
    noise = np.random.default_rng(0).random(sides, np.float32)
    a, b = one(noise), other(noise)
    everywhere = np.argwhere(np.isfinite(a.prob))
    ours, true = a.described(everywhere), b.described(everywhere)
    allowed = LARGEST_DIFFERENCE * max(1.0, float(np.abs(true).max()))
    return bool(np.abs(a.prob - b.prob).max() <= LARGEST_DIFFERENCE and np.abs(ours - true).max() <= allowed)
