"""Position of layers: pixel size, units, and copies of them."""

from typing import Any

import numpy as np
from napari.layers import Image, Layer


def set_pixel_size(layer: Layer, size_nm: tuple[float, float] | None) -> None:
    """Give a layer a pixel size along (Y, X) in nm; None: it is not known. Its translation is scaled along."""
    size, unit = ((1.0, 1.0), "pixel") if size_nm is None else (size_nm, "nm")
    ratio = np.asarray(size) / np.asarray(layer.scale[-2:])
    translate = np.asarray(layer.translate, float).copy()
    translate[-2:] *= ratio
    layer.scale = np.array([*layer.scale[:-2], *size])
    layer.translate = translate
    layer.units = (*(str(other) for other in layer.units[:-2]), unit, unit)


def geometry_of(image: Image) -> dict[str, Any]:
    """Keyword arguments that put a 2D layer where the last two axes of an image lie."""
    copied: dict[str, Any] = {
        "scale": tuple(image.scale[-2:]),
        "translate": tuple(image.translate[-2:]),
        "units": tuple(str(unit) for unit in image.units[-2:]),
        "axis_labels": tuple(image.axis_labels[-2:]),
    }
    if image.ndim == 2:
        copied |= {"rotate": image.rotate, "shear": image.shear, "affine": image.affine.affine_matrix}
    return copied
