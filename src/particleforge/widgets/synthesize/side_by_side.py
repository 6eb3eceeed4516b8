"""Side by side with a real image, with its intensities."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from napari.layers import Image, Layer

from particleforge.widgets.files import LENGTH
from particleforge.widgets.layers import planes

if TYPE_CHECKING:
    import dask.array as da
    import zarr

GAP = 0.05
"""Gap between two images, as a fraction of the width of the real one."""
REFERENCE_PX = 2**18
"""Number of pixels of the real image that its histogram is taken from."""
Greys = npt.NDArray[np.float32]


def placed(size_nm: tuple[float, float] | None, real: Layer | None, axes: int) -> dict[str, Any]:
    """Scale, units and position of a layer to the right of a real image.

    If the real image has no pixel size, its pixels are taken to be as large as those of the new layer.

    Parameters
    ----------
    size_nm
        Pixel size along (Y, X).
    real
        The layer of a real image, or None.
    axes
        Of the new layer; those before the last two are counted.
    """
    before = axes - 2
    scale: tuple[float, ...] = size_nm or (1.0, 1.0)
    units: tuple[Any, ...] = (LENGTH if size_nm else "pixel",) * 2
    corner = 0.0, 0.0
    if real is not None:
        scale, units = _scale_like(real, size_nm)
        (top, left), (_, right) = np.asarray(real.extent.world)[:, -2:]
        corner = float(top), float(right + GAP * (right - left))
    return {
        "scale": (*[1.0] * before, *scale),
        "units": (*["pixel"] * before, *units),
        "translate": (*[0.0] * before, *corner),
        "axis_labels": ("sample", "y", "x")[-axes:],
    }


def reference(real: Image, point: tuple[float, ...]) -> Greys:
    """(n, 1) grey values of the plane shown of a real image; a subset if it is large.

    Raises
    ------
    UserError
        If the layer is empty, a stack of stacks, or has pixels that are not numbers.
    """
    every = planes(real)
    index = 0 if len(every) == 1 else round(float(real.world_to_data(point)[0]))
    greys = every[int(np.clip(index, 0, len(every) - 1))].read().grey.reshape(-1, 1)
    return greys[:: -(-len(greys) // REFERENCE_PX)]


def matched(image: npt.NDArray[Any], reference: Greys) -> Greys:
    """Image whose grey values are distributed like those of the reference."""
    from skimage.exposure import match_histograms

    found = match_histograms(np.asarray(image, np.float32).reshape(-1, 1), reference)
    return np.asarray(found, np.float32).reshape(image.shape)


def matched_stack(stack: "zarr.Array[Any]", reference: Greys) -> "da.Array":
    """Stack whose images are matched when they are shown."""
    import dask.array as da

    images = da.from_array(stack, chunks=(1, *stack.shape[1:]))
    empty = np.zeros((0, 0, 0), np.float32)
    found: da.Array = da.map_blocks(matched, images, reference=reference, dtype=np.float32, meta=empty)
    return found


def _scale_like(real: Layer, size_nm: tuple[float, float] | None) -> tuple[tuple[float, ...], tuple[Any, ...]]:
    """Scale and units compatible with those of a layer."""
    units = tuple(real.units[-2:])
    if size_nm is None or not all(unit.is_compatible_with(LENGTH) for unit in units):
        return tuple(abs(float(side)) for side in real.scale[-2:]), units
    sides = [side / float((1 * unit).to(LENGTH).magnitude) for side, unit in zip(size_nm, units, strict=True)]
    return tuple(sides), units
