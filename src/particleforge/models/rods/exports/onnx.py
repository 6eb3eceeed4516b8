"""ONNX: the network alone."""

from pathlib import Path

from particleforge.models.rods.model import RodsModel
from particleforge.models.unet_graph import maps_graph
from particleforge.store.files import atomic_write, check_new_file

OUTPUT = "prob_rod"


def write(model: RodsModel, path: Path) -> None:
    """Write the network as an ONNX file.

    Its input `image` is (1, height, width, 1), normalised, height and width divisible by the divisor of the network.
    Its output `prob_rod` is (1, h, w, 1 + channels): the centrality, then the geometry in units of `SCALES`; see
    `particleforge.models.rods.targets`.

    Parameters
    ----------
    model
        Its network is exported; threshold and working scale cannot be stored in ONNX.
    path
        New file NAME.onnx.

    Raises
    ------
    UserError
        If the file exists.
    """
    check_new_file(path)
    with atomic_write(path) as part:
        part.write_bytes(maps_graph(model.net, OUTPUT))
