"""Read and write model folders of the official stardist package, without TensorFlow."""

import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field

from particleforge.errors import UserError, located
from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.stardist.instances import Thresholds
from particleforge.models.stardist.network import StarDistNet
from particleforge.models.unet import Conv
from particleforge.models.weights import COPY, broken_weights, checked_weights, of_bearable_size
from particleforge.params import Params
from particleforge.plain_data import MOST_BYTES, read_json
from particleforge.store.files import atomic_write, disk_errors

CONFIG, THRESHOLDS = "config.json", "thresholds.json"
MISMATCH = "Check that the weights and config.json belong together."
WEIGHTS = ("weights_best.h5", "weights_last.h5", "weights_now.h5")


class _Thresholds(Params):
    """Contents of thresholds.json."""

    prob: float = Field(
        Thresholds().prob, gt=0, lt=1, strict=True, description="Least probability of an object; above 0, below 1."
    )
    nms: float = Field(Thresholds().nms, ge=0, le=1, strict=True, description="Largest overlap of two objects; 0 to 1.")


def read_official(folder: Path) -> tuple[StarDistNet, Thresholds]:
    """Build the network of a model folder and fill in its weights.

    Parameters
    ----------
    folder
        With config.json, weights_best.h5 (or weights_last.h5, weights_now.h5) and, if thresholds were optimised,
        thresholds.json.

    Raises
    ------
    UserError
        If a file is missing or broken, or the network is not supported.
    """
    described = _read_json(folder / CONFIG)
    with located(folder / CONFIG):
        config = StarDistConfig.from_official(described)
    found = [folder / name for name in WEIGHTS if (folder / name).is_file()]
    if not found:
        newer = sorted(path.name for path in folder.glob("*.weights.h5"))
        raise UserError(
            f"{folder} holds none of {', '.join(WEIGHTS)}"
            + (f", only {newer[0]} in the format of Keras 3, which is not supported." if newer else "."),
            "Save the weights again from the official package: model.keras_model.save_weights('weights_best.h5').",
        )
    thresholds = _read_thresholds(folder / THRESHOLDS)
    net = of_bearable_size(lambda: StarDistNet(config), folder / CONFIG)
    with broken_weights(found[0]), h5py.File(found[0], "r") as file:
        _load_weights(net, found[0], _layers(file))
    return net.eval(), thresholds


def write_official(folder: Path, net: StarDistNet, thresholds: Thresholds) -> None:
    """Write a folder the official package can load; weights first, so that a config means a complete model."""
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    weights = io.BytesIO()  # HDF5 does not say why it could not write
    _save_weights(net, weights)
    with atomic_write(folder / WEIGHTS[0]) as path:
        path.write_bytes(weights.getbuffer())
    for name, data in ((THRESHOLDS, thresholds._asdict()), (CONFIG, net.config.to_official())):
        with atomic_write(folder / name) as path:
            path.write_text(json.dumps(data, indent=1), encoding="utf-8")


def _read_thresholds(path: Path) -> Thresholds:
    if not path.is_file():
        return Thresholds()
    stored = _read_json(path)
    with located(path):
        checked = _Thresholds.parse({name: stored[name] for name in _Thresholds.model_fields if name in stored})
    return Thresholds(checked.prob, checked.nms)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = read_json(path, MOST_BYTES)
    except UserError as error:
        raise UserError(error.message, "Give the folder of a StarDist 2D model.") from error
    if not isinstance(data, dict):
        raise UserError(f"{path} holds a {type(data).__name__}, not an object with named values.")
    return data


def _tensors(net: StarDistNet) -> Iterator[tuple[str, dict[str, torch.Tensor]]]:
    """Every Keras layer with weights, in Keras' order: its name and its weights, the non-trainable ones last."""
    before = norms = 0
    for name, layer in net.official_layers():
        if not name:
            name = "conv2d" + (f"_{before}" if before else "")
            before += 1
        yield name, {"kernel": layer.conv.weight, "bias": _bias(layer)}
        if layer.norm is not None:
            norm = layer.norm
            yield (
                "batch_normalization" + (f"_{norms}" if norms else ""),
                {
                    "gamma": norm.weight,
                    "beta": norm.bias,
                    "moving_mean": _buffer(norm.running_mean),
                    "moving_variance": _buffer(norm.running_var),
                },
            )
            norms += 1


def _bias(layer: Conv) -> torch.Tensor:
    if layer.conv.bias is None:
        raise RuntimeError("every convolution has a bias")
    return layer.conv.bias


def _buffer(tensor: torch.Tensor | None) -> torch.Tensor:
    if tensor is None:
        raise RuntimeError("every batch normalisation keeps running statistics")
    return tensor


def _save_weights(net: StarDistNet, to: io.BytesIO) -> None:
    layers = list(_tensors(net))
    with h5py.File(to, "w") as file:
        file.attrs["layer_names"] = [name.encode() for name, _ in layers]
        file.attrs["backend"] = b"tensorflow"
        file.attrs["keras_version"] = b"2.15.0"
        for name, weights in layers:
            group = file.create_group(name)
            group.attrs["weight_names"] = [f"{name}/{kind}:0".encode() for kind in weights]
            for kind, tensor in weights.items():
                values = tensor.detach().cpu().numpy()
                group[f"{name}/{kind}:0"] = values.transpose(2, 3, 1, 0) if kind == "kernel" else values


def _load_weights(net: StarDistNet, path: Path, layers: Mapping[str, Mapping[str, h5py.Dataset]]) -> None:
    unused = set(layers)
    loose = {
        kind: iter([name for name in layers if name.startswith(kind)]) for kind in ("conv2d", "batch_normalization")
    }
    with torch.no_grad():
        for name, weights in _tensors(net):
            kind = next((prefix for prefix in loose if name.startswith(prefix)), None)
            # The numbers in names count all layers a Keras session ever created: only their order is meaningful.
            source = next(loose[kind], None) if kind else name
            stored = layers.get(source or "", {})
            unused.discard(source or "")
            for part, tensor in weights.items():
                where = f"{path}: {part} of layer {source or name}"
                if part not in stored:
                    raise UserError(f"{where} is missing.", MISMATCH)
                values = _checked(stored[part], tuple(tensor.shape), part, where)
                tensor.copy_(torch.from_numpy(np.ascontiguousarray(values, np.float32)))
    if unused:
        raise UserError(f"{path} holds layers not described in config.json: {', '.join(sorted(unused))}.", MISMATCH)


def _checked(stored: h5py.Dataset, shape: tuple[int, ...], part: str, where: str) -> npt.NDArray[Any]:
    """Weights of a layer in torch's order of axes."""
    if part != "kernel":
        values = checked_weights(stored, shape, where)
        if part == "moving_variance" and (values < 0).any():
            raise UserError(f"{where} holds {values.min():g}; variances are not negative.", COPY)
        return values
    outputs, inputs, *size = shape
    values = checked_weights(stored, (*size, inputs, outputs), where)
    if not values.any():
        raise UserError(f"{where} holds zeros only, as in a file that was not written to its end.", COPY)
    return values.transpose(3, 2, 0, 1)


def _layers(file: h5py.File) -> dict[str, dict[str, h5py.Dataset]]:
    """Weights by layer and kind, not yet read, layers in the order of the file."""
    root = file["model_weights"] if "model_weights" in file else file
    layers = {}
    for name in map(_text, root.attrs["layer_names"]):
        names = map(_text, root[name].attrs["weight_names"])
        weights = {full.rpartition("/")[2].split(":")[0]: root[name][full] for full in names}
        if weights:
            layers[name] = weights
    return layers


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)
