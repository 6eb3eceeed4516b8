"""A micrograph with its particles outlined and numbered, and a scale bar."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from particleforge.measurement.arrays import Floats
from particleforge.measurement.distribution import size_unit

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


INK, OUTLINE, _PALE = "#222222", "#E69F00", "#C9D3DB"
TEXT_PT, SMALL_PT = 9, 8
UNIT_SIGNS = {"nm": "nm", "um": "µm", "mm": "mm", "px": "px"}
_MOST_SHOWN_PX = 2048
_MOST_NUMBERED = 1500


def draw_image(axes: Axes, grey: npt.NDArray[Any] | None, labels: npt.NDArray[Any]) -> None:
    """Draw an image, or the particles on white if there is none; large images are reduced."""
    from matplotlib.colors import ListedColormap

    height, width = labels.shape
    step = _step(labels)
    shown = _reduced(labels > 0 if grey is None else grey, step)
    low, high = np.nanpercentile(shown, (0.3, 99.7)) if grey is not None and np.isfinite(shown).any() else (0, 1)
    axes.imshow(
        shown,
        cmap=ListedColormap(["white", _PALE]) if grey is None else "gray",
        vmin=low,
        vmax=high if high > low else low + 1,
        extent=(-0.5, shown.shape[1] * step - 0.5, shown.shape[0] * step - 0.5, -0.5),
    )
    axes.set(xticks=[], yticks=[], xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    for side in axes.spines.values():
        side.set(linewidth=0.5, color=_PALE)


def draw_outlines(axes: Axes, labels: npt.NDArray[Any], table: pd.DataFrame) -> None:
    """Outline every particle, with a line width that suits a typical one."""
    from matplotlib.collections import LineCollection

    if not len(table):
        return
    step = _step(labels)
    middle = step // 2
    lines = [outline * step + middle for outline in outlines(labels[middle::step, middle::step])]
    typical_pt = 300 * float(table["ecd_px"].median()) / labels.shape[1]
    thickness = min(max(0.07 * typical_pt, 0.35), 0.9)
    axes.add_collection(LineCollection(lines, colors=OUTLINE, linewidths=thickness), autolim=False)


def _step(labels: npt.NDArray[Any]) -> int:
    """Step between the pixels that are drawn."""
    return max(1, -(-int(max(labels.shape)) // _MOST_SHOWN_PX))


def _reduced(grey: npt.NDArray[Any], step: int) -> npt.NDArray[Any]:
    """Mean of blocks of `step` by `step` pixels; incomplete blocks at the end are left out."""
    if step == 1:
        return grey
    height, width = (size // step for size in grey.shape)
    blocks = grey[: height * step, : width * step].reshape(height, step, width, step)
    return np.asarray(blocks.mean(axis=(1, 3), dtype=np.float32))


def draw_numbers(axes: Axes, labels: npt.NDArray[Any], table: pd.DataFrame) -> None:
    """Write its number onto each particle, as large as fits; onto none if there are too many to be legible."""
    from matplotlib.patheffects import withStroke

    if len(table) > _MOST_NUMBERED:
        return
    point_px = labels.shape[1] / (72 * axes.get_figure(root=True).get_size_inches()[0])  # type: ignore[union-attr]
    for label, x, y, size in table[["label", "x_px", "y_px", "feret_min_px"]].itertuples(index=False):
        text = str(label)
        points = min(max(1.1 * size / point_px / max(len(text), 2), 2.0), 8.0)
        around = [withStroke(linewidth=0.2 * points, foreground="black")]
        axes.text(
            x, y, text, fontsize=points, color="white", ha="center", va="center", clip_on=True, path_effects=around
        )


def outlines(labels: npt.NDArray[Any]) -> list[Floats]:
    """Trace the closed outlines of every particle, half-way to the next pixel.

    Returns
    -------
    list of (P, 2) float
        Points (x, y) in px; one array per piece or hole.
    """
    from scipy.ndimage import find_objects
    from skimage.measure import find_contours

    ids, compact = np.unique(labels, return_inverse=True)
    first = 0 if len(ids) and ids[0] == 0 else 1
    found: list[Floats] = []
    for number, box in enumerate(find_objects(compact.reshape(labels.shape) + first), start=1):
        if box is not None:
            mask = np.pad(compact.reshape(labels.shape)[box] + first == number, 1)
            origin = (box[1].start - 1, box[0].start - 1)
            contours = find_contours(mask.astype(np.uint8), 0.5)  # type: ignore[no-untyped-call]
            found += [contour[:, ::-1] + origin for contour in contours]
    return found


def scale_bar(width_px: int, pixel_size_nm: float | None) -> tuple[float, str]:
    """Choose a round length of about a fifth of the image's width.

    Returns
    -------
    length_px, text
        For example ``(40.0, "20 nm")``.
    """
    target = width_px / 5 * (pixel_size_nm or 1)
    unit, factor = size_unit(target) if pixel_size_nm else ("px", 1.0)
    power = 10.0 ** math.floor(math.log10(target * factor))
    length = max(nice * power for nice in (1, 2, 5) if nice * power <= target * factor * (1 + 1e-9))
    return length / factor / (pixel_size_nm or 1), f"{length:g} {UNIT_SIGNS[unit]}"


def draw_scale_bar(axes: Axes, width_px: int, pixel_size_nm: float | None) -> None:
    """Draw a scale bar below the image, where it hides nothing."""
    if not width_px:
        return
    from matplotlib.transforms import ScaledTranslation

    length, text = scale_bar(width_px, pixel_size_nm)
    down = ScaledTranslation(0, -9 / 72, axes.get_figure(root=True).dpi_scale_trans)  # type: ignore[union-attr]
    below = axes.get_xaxis_transform() + down
    bar = {"color": INK, "lw": 2.2, "clip_on": False, "solid_capstyle": "butt"}
    axes.plot([-0.5, length - 0.5], [0, 0], transform=below, **bar)  # type: ignore[arg-type]
    axes.annotate(
        text,
        (length - 0.5, 0),
        (5, -9),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        va="center",
        annotation_clip=False,
        fontsize=SMALL_PT,
        color=INK,
    )
