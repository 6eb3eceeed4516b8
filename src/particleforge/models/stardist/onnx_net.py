"""A StarDist network as an ONNX graph."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from torch import nn

from particleforge.models.onnx_graph import Graph
from particleforge.models.stardist.network import StarDistNet
from particleforge.models.unet import Conv, each_conv

MIN_DIST_PX = 1e-3
"""Minimum distance to an outline, as in the official package."""
_ACTIVATIONS: dict[type[nn.Module], str] = {
    nn.ReLU: "Relu",
    nn.ELU: "Elu",
    nn.SELU: "Selu",
    nn.Tanh: "Tanh",
    nn.Sigmoid: "Sigmoid",
}


def embedding_graph(net: StarDistNet) -> bytes:
    """ONNX model of `StarDistNet.embed` and the probability.

    Its input `image` is (1, 1, height, width), normalised, height and width divisible by `config.divisor`; its outputs
    are `logits` (1, 1, h, w) and `features` (1, features, h, w) on the grid.
    """
    return _Writer(net).embedding()


def maps_graph(net: StarDistNet) -> bytes:
    """ONNX model of the whole network, channels last.

    Its input `image` is (1, height, width, 1), normalised, height and width divisible by `config.divisor`; its output
    `prob_dist` is (1, h, w, 1 + n_rays): probability, then distances in pixels.
    """
    return _Writer(net).maps()


class _Writer:
    """Adds the layers of a network to a graph, in the order in which `StarDistNet` applies them."""

    def __init__(self, net: StarDistNet) -> None:
        self.net, self.graph = net.folded(), Graph("stardist")

    def embedding(self) -> bytes:
        graph = self.graph
        features = self.embed(graph.input("image", (1, 1, "height", "width")))
        graph.node("Identity", features, output="features")
        graph.node("Identity", self.conv(self.net.prob, features), output="logits")
        graph.output("logits", (1, 1, "grid_height", "grid_width"))
        graph.output("features", (1, self.net.dist.conv.in_channels, "grid_height", "grid_width"))
        return graph.to_bytes()

    def maps(self) -> bytes:
        graph = self.graph
        image = graph.input("image", (1, "height", "width", 1))
        features = self.embed(graph.node("Transpose", image, perm=(0, 3, 1, 2)))
        prob = graph.node("Sigmoid", self.conv(self.net.prob, features))
        dist = graph.node("Max", self.conv(self.net.dist, features), graph.constant(_floats(MIN_DIST_PX)))
        both = graph.node("Concat", prob, dist, axis=1)
        graph.node("Transpose", both, output="prob_dist", perm=(0, 2, 3, 1))
        graph.output("prob_dist", (1, "grid_height", "grid_width", 1 + self.net.config.n_rays))
        return graph.to_bytes()

    def embed(self, x: str) -> str:
        graph, net, pool = self.graph, self.net, self.net.config.unet_pool
        for convs, grid_pool in zip(net.before, net.before_pools, strict=True):
            x = graph.node("MaxPool", self.convs(convs, x), kernel_shape=grid_pool, strides=grid_pool)
        skipped = []
        for convs in net.down:
            x = self.convs(convs, x)
            skipped.append(x)
            x = graph.node("MaxPool", x, kernel_shape=pool, strides=pool)
        x = self.convs(net.middle, x)
        factors = graph.constant(_floats([1, 1, *pool]))
        how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        for convs in net.up:
            larger = graph.node("Resize", x, "", factors, **how)
            x = self.convs(convs, graph.node("Concat", larger, skipped.pop(), axis=1))
        return self.conv(net.features, x) if net.features is not None else x

    def convs(self, convs: nn.Module, x: str) -> str:
        for layer in each_conv(convs):
            x = self.conv(layer, x)
        return x

    def conv(self, layer: Conv, x: str) -> str:
        weights = [self.graph.constant(tensor.detach().cpu().numpy()) for tensor in layer.conv.parameters()]
        pads = [length // 2 for length in layer.conv.kernel_size]
        x = self.graph.node("Conv", x, *weights, pads=(*pads, *pads))
        activation = _ACTIVATIONS.get(type(layer.activation))
        return x if activation is None else self.graph.node(activation, x)


def _floats(values: float | Iterable[float]) -> npt.NDArray[np.float32]:
    return np.array(values, np.float32)
