"""U-Nets as ONNX graphs."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from torch import nn

from particleforge.models.grid_net import GridNet
from particleforge.models.onnx_graph import Graph
from particleforge.models.unet import Conv, UNet, each_conv

_ACTIVATIONS: dict[type[nn.Module], str] = {
    nn.ReLU: "Relu",
    nn.ELU: "Elu",
    nn.SELU: "Selu",
    nn.Tanh: "Tanh",
    nn.Sigmoid: "Sigmoid",
}


class UNetGraph:
    """Adds the layers of a network to a graph, in the order in which `UNet` applies them.

    Parameters
    ----------
    net
        The network.
    name
        Name in the file.
    """

    def __init__(self, net: UNet, name: str) -> None:
        self.net, self.graph = net.folded(), Graph(name)

    def embed(self, x: str) -> str:
        """Add all layers up to the features; return their name."""
        graph, net, pool = self.graph, self.net, self.net.config.unet_pool
        for convs, grid_pool in zip(net.before, net.before_pools, strict=True):
            x = graph.node("MaxPool", self.convs(convs, x), kernel_shape=grid_pool, strides=grid_pool)
        skipped = []
        for convs in net.down:
            x = self.convs(convs, x)
            skipped.append(x)
            x = graph.node("MaxPool", x, kernel_shape=pool, strides=pool)
        x = self.convs(net.middle, x)
        factors = graph.constant(floats([1, 1, *pool]))
        how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        for convs in net.up:
            larger = graph.node("Resize", x, "", factors, **how)
            x = self.convs(convs, graph.node("Concat", larger, skipped.pop(), axis=1))
        return self.conv(net.features, x) if net.features is not None else x

    def convs(self, convs: nn.Module, x: str) -> str:
        """Add several convolutions one after the other; return the name of the result."""
        for layer in each_conv(convs):
            x = self.conv(layer, x)
        return x

    def conv(self, layer: Conv, x: str) -> str:
        """Add a convolution with its activation; return the name of the result."""
        weights = [self.graph.constant(tensor.detach().cpu().numpy()) for tensor in layer.conv.parameters()]
        pads = [length // 2 for length in layer.conv.kernel_size]
        x = self.graph.node("Conv", x, *weights, pads=(*pads, *pads))
        activation = _ACTIVATIONS.get(type(layer.activation))
        return x if activation is None else self.graph.node(activation, x)


def floats(values: float | Iterable[float]) -> npt.NDArray[np.float32]:
    """32-bit numbers."""
    return np.array(values, np.float32)


def embedding_graph(net: GridNet) -> bytes:
    """ONNX model of the features of a network and the logits.

    Its input `image` is (1, 1, height, width), normalised, height and width divisible by `config.divisor`; its outputs
    are `logits` (1, 1, h, w) and `features` (1, features, h, w) on the grid.
    """
    writer = UNetGraph(net, "embedding")
    graph = writer.graph
    features = writer.embed(graph.input("image", (1, 1, "height", "width")))
    graph.node("Identity", features, output="features")
    graph.node("Identity", writer.conv(net.prob, features), output="logits")
    graph.output("logits", (1, 1, "grid_height", "grid_width"))
    graph.output("features", (1, net.channels, "grid_height", "grid_width"))
    return graph.to_bytes()


def maps_graph(net: GridNet, name: str, least: float | None = None) -> bytes:
    """ONNX model of a whole network, channels last.

    Its input `image` is (1, height, width, 1), normalised, height and width divisible by `config.divisor`; its output
    is (1, h, w, 1 + channels of the head): the probability, then what is described.

    Parameters
    ----------
    net
        The network.
    name
        Name of the output.
    least
        Least value of what is described; None: no limit.
    """
    writer = UNetGraph(net, name)
    graph = writer.graph
    image = graph.input("image", (1, "height", "width", 1))
    features = writer.embed(graph.node("Transpose", image, perm=(0, 3, 1, 2)))
    prob = graph.node("Sigmoid", writer.conv(net.prob, features))
    described = writer.conv(net.head, features)
    if least is not None:
        described = graph.node("Max", described, graph.constant(floats(least)))
    both = graph.node("Concat", prob, described, axis=1)
    graph.node("Transpose", both, output=name, perm=(0, 2, 3, 1))
    graph.output(name, (1, "grid_height", "grid_width", 1 + net.head.conv.out_channels))
    return graph.to_bytes()
