"""Layers that show a preview."""

from typing import TYPE_CHECKING, Any, TypeVar

import numpy.typing as npt
from napari.layers import Layer

if TYPE_CHECKING:
    from napari import Viewer

AnyLayer = TypeVar("AnyLayer", bound=Layer)
FOLLOWING = {"scale", "units", "translate", "features", "metadata", "size", "face_color"}
"""Options that belong to the data; the user may have changed the others."""


def put_layer(viewer: "Viewer", kind: type[AnyLayer], name: str, data: npt.NDArray[Any], **options: Any) -> AnyLayer:
    """Replace the data of the layer of this name, or add a layer if none fits."""
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
    """Remove a layer, if it exists."""
    layer = find_layer(viewer, name)
    if layer is not None:
        viewer.layers.remove(layer)


def find_layer(viewer: "Viewer", name: str) -> Layer | None:
    """Layer of a name; None if there is none."""
    return next((layer for layer in viewer.layers if layer.name == name), None)
