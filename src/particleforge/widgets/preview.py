"""Show what a job has so far."""

from pathlib import Path
from typing import Any

import numpy as np


def show_preview(viewer: Any, path: str, name: str) -> None:
    """Show the file of a preview as layers called by a name, over what they showed before; nothing if it is gone."""
    try:
        with np.load(Path(path)) as file:
            arrays = {key: file[key] for key in file.files}
    except (OSError, ValueError):  # replaced by a later one
        return
    step, image, labels = float(arrays["step"]), arrays.get("image"), arrays.get("labels")
    if labels is None and arrays.get("array") is not None:
        labels = arrays["array"] if arrays["array"].dtype.kind in "iu" else None
    size_nm = arrays.get("pixel_size_nm")
    options: dict[str, Any] = {"scale": (step, step)}
    if size_nm is not None:
        options = {"scale": step * size_nm, "units": ("nm", "nm")}
    if image is not None:
        put_layer(viewer, viewer.add_image, name, image, **options)
    if labels is not None:
        put_layer(viewer, viewer.add_labels, _particles(name), labels, **options).contour = 1


def hide_preview(viewer: Any, name: str) -> None:
    """Remove the layers of a preview."""
    for layer in (name, _particles(name)):
        if layer in viewer.layers:
            viewer.layers.remove(layer)


def put_layer(viewer: Any, add: Any, name: str, data: Any, **options: Any) -> Any:
    """Give a layer of this name other data, or add it where there is none that fits."""
    old = viewer.layers[name] if name in viewer.layers else None
    if old is not None and old.data.ndim == data.ndim and old.data.dtype == data.dtype:
        old.data = data
        for what in {"scale", "units"} & set(options):
            setattr(old, what, options[what])
        return old
    if old is not None:
        viewer.layers.remove(name)
    return add(data, name=name, **options)


def _particles(name: str) -> str:
    return f"{name} particles"
