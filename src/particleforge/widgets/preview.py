"""Layers that show what there would be."""

from typing import TYPE_CHECKING, Any, TypeVar

import numpy.typing as npt
from napari.layers import Layer

if TYPE_CHECKING:
    from napari import Viewer

AnyLayer = TypeVar("AnyLayer", bound=Layer)
FOLLOWING = {"scale", "units", "translate", "features", "metadata", "size", "face_color"}
"""Options that belong to the data; others a person may have changed meanwhile."""


def put_layer(viewer: "Viewer", kind: type[AnyLayer], name: str, data: npt.NDArray[Any], **options: Any) -> AnyLayer:
    """Give the layer of this name other data, or add it where there is none that fits."""
    old = find_layer(viewer, name)
    if isinstance(old, kind) and old.data.ndim == data.ndim and old.data.dtype == data.dtype:
        old.data = data
        for what in FOLLOWING & set(options):
            setattr(old, what, options[what])
        return old
    take_layer(viewer, name)
    layer = kind(data, name=name, **options)
    viewer.add_layer(layer)
    return layer


def take_layer(viewer: "Viewer", name: str) -> None:
    """Remove a layer, if it is there."""
    layer = find_layer(viewer, name)
    if layer is not None:
        viewer.layers.remove(layer)


def find_layer(viewer: "Viewer", name: str) -> Layer | None:
    """Layer of a name; None where there is none."""
    return next((layer for layer in viewer.layers if layer.name == name), None)
