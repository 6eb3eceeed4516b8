"""ONNX: the network alone."""

from pathlib import Path

from particleforge.models.stardist.model import StarDistModel
from particleforge.models.stardist.onnx_net import stardist_graph
from particleforge.store.files import atomic_write, check_new_file


def write(model: StarDistModel, path: Path) -> None:
    """Write the network as an ONNX file; see `stardist_graph` for its input and output.

    Parameters
    ----------
    model
        Its network is exported; thresholds and working scale cannot be stored in ONNX.
    path
        New file NAME.onnx.

    Raises
    ------
    UserError
        If the file exists.
    """
    check_new_file(path)
    with atomic_write(path) as part:
        part.write_bytes(stardist_graph(model.net))
