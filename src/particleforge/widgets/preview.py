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
    step = float(arrays["step"])
    image, labels = arrays.get("image"), arrays.get("labels")
    if labels is None and arrays.get("array") is not None:
        labels = arrays["array"] if arrays["array"].dtype.kind in "iu" else None
    if image is not None:
        put_layer(viewer, viewer.add_image, name, image, scale=(step, step))
    if labels is not None:
        put_layer(viewer, viewer.add_labels, f"{name}, particles", labels, scale=(step, step)).contour = 1


def put_layer(viewer: Any, add: Any, name: str, data: Any, **options: Any) -> Any:
    """Give a layer of this name other data, or add it where there is none that fits."""
    old = viewer.layers[name] if name in viewer.layers else None
    if old is not None and old.data.ndim == data.ndim and old.data.dtype == data.dtype:
        old.data = data
        return old
    if old is not None:
        viewer.layers.remove(name)
    return add(data, name=name, **options)
