"""Hand a StarDist model over to other programs: ONNX, and packages for the BioImage Model Zoo."""

import importlib.util
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import yaml
from torch import Tensor, nn

from particleforge.errors import UserError
from particleforge.models.stardist.instances import BORDER_CELLS, instances
from particleforge.models.stardist.model import StarDistModel
from particleforge.models.stardist.network import StarDistNet
from particleforge.models.stardist.normalize import normalize
from particleforge.models.stardist.predict import network_maps
from particleforge.seeds import stream
from particleforge.store.files import atomic_write, new_folder

OPSET = 18
FORMAT_VERSION = "0.5.5"
"""Of the model description; `stardist_postprocessing` exists from here on."""


class ChannelsLast(nn.Module):
    """The network as other programs want it: channels last, one output.

    Parameters
    ----------
    net
        The network.
    """

    def __init__(self, net: StarDistNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: Tensor) -> Tensor:
        """Map (B, Y, X, 1) to (B, y, x, 1 + n_rays) on the grid: probability, then distances in pixels."""
        logits, dist = self.net(image.permute(0, 3, 1, 2))
        return torch.cat([torch.sigmoid(logits), dist], dim=1).permute(0, 2, 3, 1)


def export_onnx(model: StarDistModel, path: Path) -> None:
    """Write the network as an ONNX file for images of any size divisible by `config.divisor`.

    Input ``image`` (B, Y, X, 1) float32, normalised and at working scale; output ``maps`` (B, y, x, 1 + n_rays)
    float32 on the grid, probability first.

    Raises
    ------
    UserError
        If the packages for ONNX are not installed, or the disk is full.
    """
    missing = [name for name in ("onnx", "onnxscript") if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(
            f"ONNX files need {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed.",
            "Run: pip install 'napari-particleforge[export]'",
        )
    device = next(model.net.parameters()).device
    height, width = (4 * step for step in model.net.config.divisor)
    y, x = (step * torch.export.Dim(name, min=2) for step, name in zip(model.net.config.divisor, "yx", strict=True))
    with atomic_write(path) as temporary:
        torch.onnx.export(
            ChannelsLast(model.net).eval(),
            (torch.zeros(2, height, width, 1, device=device),),
            temporary,
            input_names=["image"],
            output_names=["maps"],
            dynamic_shapes={"image": {0: torch.export.Dim("batch"), 1: y, 2: x}},
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def export_bioimageio(
    model: StarDistModel, target: Path, name: str = "StarDist", example: npt.NDArray[np.float32] | None = None
) -> None:
    """Write a BioImage Model Zoo package with ONNX weights; it gives instance labels through `stardist_postprocessing`.

    The package normalises, but does not resize: images must come at working scale, which its description tells.

    Parameters
    ----------
    model
        The model.
    target
        A new folder, or a file that ends in .zip.
    name
        What the package calls the model.
    example
        (Y, X) grey image at working scale that goes into the package as its test; else one is drawn.

    Raises
    ------
    UserError
        If the folder is not empty, the image is too small, or the packages for ONNX are not installed.
    """
    image = _fitted(_blobs(model) if example is None else example, model.net.config.divisor)
    if target.suffix == ".zip":
        with tempfile.TemporaryDirectory() as folder, atomic_write(target) as temporary:
            _write_package(model, Path(folder), name, image)
            shutil.make_archive(str(temporary.with_suffix("")), "zip", folder)
    else:
        _write_package(model, new_folder(target), name, image)


def _write_package(model: StarDistModel, folder: Path, name: str, image: npt.NDArray[np.float32]) -> None:
    """Weights, test input and output; the description comes last, so that it means a whole package."""
    export_onnx(model, folder / "weights.onnx")
    prob, dist = network_maps(model.net, normalize(image, *model.percentiles))
    height, width = image.shape
    found = instances(
        prob,
        dist,
        config=model.net.config,
        prob_thresh=model.prob_thresh,
        nms_thresh=model.nms_thresh,
        shape=(height, width),
    )
    np.save(folder / "test_input.npy", image[None, :, :, None])
    np.save(folder / "test_output.npy", found.labels.astype(np.int32)[None, :, :, None])
    (folder / "README.md").write_text(_documentation(model, name), encoding="utf-8")
    with atomic_write(folder / "rdf.yaml") as path:
        path.write_text(yaml.safe_dump(description(model, name), sort_keys=False), encoding="utf-8")


def description(model: StarDistModel, name: str) -> dict[str, Any]:
    """Contents of the package's rdf.yaml, model description 0.5."""
    config = model.net.config
    low, high = model.percentiles
    unit: dict[str, Any] = {}
    if model.pixel_size_nm is not None:
        unit = {"unit": "nanometer", "scale": model.pixel_size_nm / model.working_scale}
    sizes = {axis: {"min": 4 * step, "step": step} for axis, step in zip("yx", config.divisor, strict=True)}
    space_in = [{"type": "space", "id": axis, "size": sizes[axis], **unit} for axis in "yx"]
    space_out = [
        {"type": "space", "id": axis, "size": {"tensor_id": "image", "axis_id": axis}, **unit} for axis in "yx"
    ]
    scale_range = {"axes": ["y", "x"], "min_percentile": low, "max_percentile": high}
    objects = {
        "prob_threshold": model.prob_thresh,
        "nms_threshold": model.nms_thresh,
        "n_rays": config.n_rays,
        "grid": list(config.grid),
        "b": BORDER_CELLS,
    }
    batch = {"type": "batch"}
    image = {
        "id": "image",
        "axes": [batch, *space_in, {"type": "channel", "channel_names": ["grey"]}],
        "test_tensor": {"source": "test_input.npy"},
        "data": {"type": "float32"},
        "preprocessing": [{"id": "scale_range", "kwargs": scale_range}],
    }
    labels = {
        "id": "labels",
        "axes": [batch, *space_out, {"type": "channel", "channel_names": ["instance"]}],
        "test_tensor": {"source": "test_output.npy"},
        "data": {"type": "int32"},
        "postprocessing": [{"id": "stardist_postprocessing", "kwargs": objects}],
    }
    note = {"working_scale": model.working_scale, "pixel_size_nm": model.pixel_size_nm}
    return {
        "type": "model",
        "format_version": FORMAT_VERSION,
        "name": name,
        "description": "Star-convex instance segmentation of particles in grey micrographs.",
        "authors": [],
        "cite": [
            {"text": "Schmidt et al., Cell Detection with Star-convex Polygons", "doi": "10.1007/978-3-030-00934-2_30"}
        ],
        "documentation": "README.md",
        "tags": ["stardist", "instance-segmentation", "particles", "2d", "onnx"],
        "inputs": [image],
        "outputs": [labels],
        "weights": {"onnx": {"source": "weights.onnx", "opset_version": OPSET}},
        "config": {"particleforge": note, "stardist": {"config": config.to_official()}},
    }


def _documentation(model: StarDistModel, name: str) -> str:
    if model.pixel_size_nm is None:
        size = f"Resize images by a factor of {model.working_scale:.4g} first."
    else:
        size = f"Resize images to a pixel size of {model.pixel_size_nm / model.working_scale:.4g} nm first."
    return (
        f"# {name}\n\nStarDist network (Schmidt et al., MICCAI 2018) for particles in grey micrographs, trained with "
        f"ParticleForge.\n\n{size}\n\n# Validation\n\nCompare counts and sizes with annotated images of your own.\n"
    )


def _fitted(image: npt.NDArray[np.float32], divisor: tuple[int, int]) -> npt.NDArray[np.float32]:
    """Image cut at its end to a size the network takes."""
    if any(length < 4 * step for length, step in zip(image.shape, divisor, strict=True)):
        raise UserError(
            f"The example has {image.shape[0]} x {image.shape[1]} px; {4 * divisor[0]} x {4 * divisor[1]} are needed.",
            "Give a larger image.",
        )
    cut = tuple(slice(length // step * step) for length, step in zip(image.shape, divisor, strict=True))
    return np.ascontiguousarray(image[cut], np.float32)


def _blobs(model: StarDistModel) -> npt.NDArray[np.float32]:
    """Bright discs of many sizes on a noisy ground."""
    rng = stream(0, "bioimageio example")
    shape = tuple(-(-256 // step) * step for step in model.net.config.divisor)
    y, x = np.indices(shape)
    image = rng.normal(60, 5, shape)
    for _ in range(25):
        centre, radius = rng.uniform(0, shape), rng.uniform(6, 20)
        image += 100 * ((y - centre[0]) ** 2 + (x - centre[1]) ** 2 < radius**2)
    return image.astype(np.float32)
