"""Layers that show what there would be."""

from typing import Any

FOLLOWING = {"scale", "units", "translate", "features", "metadata", "size", "face_color"}
"""Options that belong to the data; others a person may have changed meanwhile."""


def put_layer(viewer: Any, add: Any, name: str, data: Any, **options: Any) -> Any:
    """Give a layer of this name other data, or add it where there is none that fits."""
    old = viewer.layers[name] if name in viewer.layers else None
    if old is not None and old.data.ndim == data.ndim and old.data.dtype == data.dtype:
        old.data = data
        for what in FOLLOWING & set(options):
            setattr(old, what, options[what])
        return old
    take_layer(viewer, name)
    return add(data, name=name, **options)


def take_layer(viewer: Any, name: str) -> None:
    """Remove a layer, if it is there."""
    if name in viewer.layers:
        viewer.layers.remove(name)
