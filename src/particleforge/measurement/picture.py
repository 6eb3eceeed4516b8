"""A micrograph with its particles outlined, and a scale bar."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from particleforge.mask import WholeMasks
from particleforge.measurement.arrays import Floats
from particleforge.measurement.distribution import size_unit
from particleforge.measurement.outlines import Outlines, outlines, simplified, traced

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


INK, OUTLINE, EXCLUDED, PALE = "#222222", "#E69F00", "#B8C4CC", "#C9D3DB"
DASHES = (0, (2.2, 1.6))
TEXT_PT, SMALL_PT = 9, 8
UNIT_SIGNS = {"nm": "nm", "um": "µm", "mm": "mm", "px": "px"}
_MOST_SHOWN_PX = 2048
_WIDTH_PT = 300
"""Typical width of a printed image, for the width of lines."""


def draw_image(axes: Axes, grey: npt.NDArray[Any] | None, labels: npt.NDArray[Any]) -> None:
    """Draw an image, or the particles on white if there is none; large images are reduced."""
    height, width = labels.shape
    step = step_between(labels.shape)
    if grey is None:
        palette = np.array([[255, 255, 255, 255], [*bytes.fromhex(PALE[1:]), 255]], np.uint8)
        shown = palette[(labels[step // 2 :: step, step // 2 :: step] > 0).astype(np.uint8)]
    else:
        bright = levels(reduced(grey, step))
        shown = np.dstack([bright, bright, bright, np.full_like(bright, 255)])
    axes.imshow(  # colours are drawn in half the time of grey values with a palette
        shown,
        extent=(-0.5, shown.shape[1] * step - 0.5, shown.shape[0] * step - 0.5, -0.5),
    )
    axes.set(xticks=[], yticks=[], xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    for side in axes.spines.values():
        side.set(linewidth=0.5, color=PALE)


def draw_outlines(axes: Axes, lines: Outlines, table: pd.DataFrame, width_px: int) -> None:
    """Draw outlines of particles, with a line width that suits a typical one; those that do not count are dashed."""
    from matplotlib.collections import LineCollection

    if not len(table):
        return
    counted, excluded = split(lines, table)
    styles: tuple[tuple[list[Floats], str, Any], ...] = ((counted, OUTLINE, "solid"), (excluded, EXCLUDED, DASHES))
    for some, colour, style in styles:
        width = line_width(table, width_px / _WIDTH_PT)
        drawn = LineCollection(simplified(some), colors=colour, linewidths=width, linestyles=style)
        axes.add_collection(drawn, autolim=False)


def shown_outlines(labels: npt.NDArray[Any], whole: WholeMasks) -> Outlines:
    """Outlines of the particles, of whole masks where these are known; coarse if the image is reduced to be shown."""
    step = step_between(labels.shape)
    middle = step // 2
    found = outlines(labels[middle::step, middle::step])
    visible = {label: [line * step + middle for line in lines] for label, lines in found.items()}
    return visible | {label: traced(mask.pixels, mask.top, mask.left) for label, mask in whole.items()}


def split(lines: Outlines, table: pd.DataFrame) -> tuple[list[Floats], list[Floats]]:
    """Outlines of particles that count, and of those that do not."""
    counted = set(table["label"][table["weight"] > 0])
    inside: list[Floats] = []
    excluded: list[Floats] = []
    for label, own in lines.items():
        (inside if label in counted else excluded).extend(own)
    return inside, excluded


def line_width(table: pd.DataFrame, px_per_pt: float) -> float:
    """Width in pt of outlines that suits a typical particle of a table."""
    return min(max(0.07 * float(table["ecd_px"].median()) / px_per_pt, 0.35), 0.9)


def step_between(shape: tuple[int, ...], most_px: int = _MOST_SHOWN_PX) -> int:
    """Step between the pixels that are shown, so that there are no more than `most_px` along a side."""
    return max(1, -(-max(shape) // most_px))


def reduced(grey: npt.NDArray[Any], step: int) -> npt.NDArray[Any]:
    """Mean of blocks of `step` by `step` pixels; incomplete blocks at the end are left out."""
    if step == 1:
        return grey
    height, width = (size // step for size in grey.shape)
    blocks = grey[: height * step, : width * step].reshape(height, step, width, step)
    return np.asarray(blocks.mean(axis=(1, 3), dtype=np.float32))


def levels(grey: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Grey values from 0 for nearly the darkest to 255 for nearly the brightest, and for what is not finite."""
    finite = np.isfinite(grey)
    low, high = (float(one) for one in (np.nanpercentile(grey, (0.3, 99.7)) if finite.any() else (0, 1)))
    scaled = np.clip((grey - low) * (255 / (high - low if high > low else 1)), 0, 255)
    return np.where(finite, scaled, 255).astype(np.uint8)


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
