"""A StarDist network as an ONNX graph."""

from particleforge.models.stardist.network import StarDistNet
from particleforge.models.unet_graph import maps_graph

MIN_DIST_PX = 1e-3
"""Minimum distance to an outline, as in the official package."""
OUTPUT = "prob_dist"


def stardist_graph(net: StarDistNet) -> bytes:
    """ONNX model of the whole network, channels last.

    Its input `image` is (1, height, width, 1), normalised, height and width divisible by `config.divisor`; its output
    `prob_dist` is (1, h, w, 1 + n_rays): probability, then distances in pixels.
    """
    return maps_graph(net, OUTPUT, MIN_DIST_PX)
