"""ONNX: the network alone."""

from pathlib import Path

from particleforge.errors import UserError
from particleforge.models.stardist.model import StarDistModel
from particleforge.models.stardist.onnx_net import maps_graph
from particleforge.store.files import atomic_write


def write(model: StarDistModel, path: Path) -> None:
    """Write the network as an ONNX file; see `maps_graph` for its input and output.

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
    check_new(path)
    with atomic_write(path) as part:
        part.write_bytes(maps_graph(model.net))


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
