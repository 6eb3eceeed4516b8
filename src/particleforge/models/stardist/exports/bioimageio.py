"""Packages for the BioImage Model Zoo."""

import hashlib
import zipfile
from datetime import UTC, datetime
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml
from scipy import ndimage

from particleforge.models.normalize import normalize
from particleforge.models.onnx_graph import OPSET
from particleforge.models.stardist.instances import BORDER_CELLS, Thresholds, instances
from particleforge.models.stardist.model import StarDistModel
from particleforge.models.stardist.onnx_net import stardist_graph
from particleforge.models.stardist.predict import network_maps
from particleforge.store.files import atomic_write, check_new_file

SPEC_VERSION = "0.5.12"
"""Of the BioImage Model Zoo's description; `stardist_postprocessing` is a part of it."""
TEST_SIDE_PX = 128


def write(model: StarDistModel, path: Path) -> None:
    """Write a package for the BioImage Model Zoo: ONNX weights, description, a test image and its labels.

    Programs that support the built-in `stardist_postprocessing` obtain instance labels. They do not resize images:
    images must be given at the model's working scale.

    Parameters
    ----------
    model
        The model.
    path
        New file NAME.zip.

    Raises
    ------
    UserError
        If the file exists.
    """
    check_new_file(path)
    image = _test_image(model)
    labels = _labels(model, image)
    with atomic_write(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as package:
        weights = stardist_graph(model.net)
        package.writestr("weights.onnx", weights)
        package.writestr("test_input.npy", _npy(image[None, :, :, None]))
        package.writestr("test_output.npy", _npy(labels[None, :, :, None].astype(np.int32)))
        package.writestr("README.md", _readme(model, path.stem))
        description = _description(model, path.stem, hashlib.sha256(weights).hexdigest())
        package.writestr("rdf.yaml", yaml.safe_dump(description, sort_keys=False, allow_unicode=True))


def _npy(array: npt.NDArray[Any]) -> bytes:
    file = BytesIO()
    np.save(file, array)
    return file.getvalue()


def _test_image(model: StarDistModel) -> npt.NDArray[np.float32]:
    """Blobs of about the size of particles at working scale, always the same."""
    size = [-(-TEST_SIDE_PX // step) * step for step in model.net.config.divisor]
    noise = np.random.default_rng(0).normal(size=size)
    blobs = ndimage.gaussian_filter(noise, model.target_px / 6, mode="wrap")
    grey = 128 + 60 * np.tanh(2 * blobs / blobs.std()) + 4 * noise
    return np.asarray(np.clip(grey, 0, 255).round(), np.float32)


def _labels(model: StarDistModel, image: npt.NDArray[np.float32]) -> npt.NDArray[np.uint32]:
    prob, dist = network_maps(model.net, normalize(image, *model.percentiles))
    height, width = image.shape
    found = instances(
        prob,
        dist,
        config=model.net.config,
        thresholds=Thresholds(model.prob_thresh, model.nms_thresh),
        shape=(height, width),
    )
    return found.labels


def _readme(model: StarDistModel, name: str) -> str:
    size = f" (pixels of {model.pixel_size_nm / model.working_scale:.4g} nm)" if model.pixel_size_nm else ""
    return f"""# {name}

StarDist 2D network for particles in grey micrographs, trained with napari-particleforge.

Resize images by a factor of {model.working_scale:.4g}{size} before using it: it works best on particles
of about {model.target_px:.3g} px in diameter.

## Validation

Compare its labels with some particles outlined by hand before you rely on its sizes.
"""


def _description(model: StarDistModel, name: str, digest: str) -> dict[str, Any]:
    """Contents of rdf.yaml."""
    low, high = model.percentiles
    scaled = {"axes": ["y", "x", "channel"], "min_percentile": low, "max_percentile": high, "eps": 1e-20}
    nms = {
        "prob_threshold": model.prob_thresh,
        "nms_threshold": model.nms_thresh,
        "n_rays": model.net.config.n_rays,
        "grid": list(model.net.config.grid),
        "b": BORDER_CELLS,
    }
    return {
        "format_version": SPEC_VERSION,
        "type": "model",
        "name": "".join(letter if letter.isalnum() or letter in "_- ()" else " " for letter in name),
        "description": "StarDist 2D network for particles in grey micrographs.",
        "authors": [{"name": "The ParticleForge developers"}],
        "cite": [
            {
                "text": "Schmidt et al., Cell Detection with Star-convex Polygons, MICCAI 2018",
                "doi": "10.1007/978-3-030-00934-2_30",
            }
        ],
        "license": "BSD-3-Clause",
        "tags": ["stardist", "instance-segmentation", "particles", "electron-microscopy", "2d"],
        "documentation": {"source": "README.md"},
        "timestamp": datetime.now(UTC).isoformat(),
        "inputs": [
            {
                "id": "image",
                "description": "Grey micrograph at the model's working scale.",
                "axes": _axes(model, [_parameterized(step) for step in model.net.config.divisor], "grey"),
                "data": {"type": "float32"},
                "test_tensor": {"source": "test_input.npy"},
                "preprocessing": [{"id": "scale_range", "kwargs": scaled}],
            }
        ],
        "outputs": [
            {
                "id": "labels",
                "description": "Instance labels, 0 = background.",
                "axes": _axes(model, [{"tensor_id": "image", "axis_id": axis} for axis in "yx"], "label"),
                "data": {"type": "int32"},
                "test_tensor": {"source": "test_output.npy"},
                "postprocessing": [{"id": "stardist_postprocessing", "kwargs": nms}],
            }
        ],
        "weights": {"onnx": {"source": "weights.onnx", "sha256": digest, "opset_version": OPSET}},
        "config": {
            "particleforge": {
                "version": version("napari-particleforge"),
                "working_scale": model.working_scale,
                "pixel_size_nm": model.pixel_size_nm,
                "target_px": model.target_px,
            }
        },
    }


def _parameterized(step: int) -> dict[str, int]:
    return {"min": -(-64 // step) * step, "step": step}


def _axes(model: StarDistModel, sizes: list[dict[str, Any]], channel: str) -> list[dict[str, Any]]:
    spatial = [{"type": "space", "id": axis, "size": size} for axis, size in zip("yx", sizes, strict=True)]
    return [{"type": "batch", "size": 1}, *spatial, {"type": "channel", "channel_names": [channel]}]
