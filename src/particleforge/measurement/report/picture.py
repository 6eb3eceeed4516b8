"""The picture of a report: the image with numbered outlines and a scale bar, as a small SVG."""

import base64
import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from particleforge.measurement.arrays import Floats
from particleforge.measurement.lettering import FONT
from particleforge.measurement.measured import Measured
from particleforge.measurement.outlines import simplified
from particleforge.measurement.picture import (
    EXCLUDED,
    INK,
    OUTLINE,
    PALE,
    levels,
    line_width,
    reduced,
    scale_bar,
    split,
    step_between,
)

if TYPE_CHECKING:
    import pandas as pd

_WIDE_PT, _TALL_PT = 490.0, 450.0
"""Largest picture that fits on a page below the key figures."""
_MOST_PX, _QUALITY = 1200, 85
_MOST_NUMBERED = 1500
_BELOW_PT, _TEXT_PT = 20.0, 8.5
_LARGEST_PT, _SMALLEST_PT = 8.0, 2.0


def picture_svg(measured: Measured) -> str:
    """Draw the image with its particles; empty if there is no single image.

    Coordinates are pixels of the image. The grey image is embedded as JPEG, without an image the particles as PNG.
    """
    labels = measured.labels
    if labels is None or not labels.size:
        return ""
    height, width = labels.shape
    point = max(width / _WIDE_PT, height / _TALL_PT)
    tall = height + _BELOW_PT * point
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" role="img" '
        f'viewBox="0 0 {width} {tall:.2f}" width="{width / point:.1f}pt" height="{tall / point:.1f}pt" '
        f'preserveAspectRatio="xMinYMin" font-family="{FONT}">',
        embedded(labels, measured.grey),
        f'<rect width="{width}" height="{height}" fill="none" stroke="{PALE}" stroke-width="{0.5 * point:.3f}"/>',
        *_outlines(measured, point),
        *_numbers(measured.table, point),
        *_below(measured, labels.shape, point),
        "</svg>",
    ]
    return "\n".join(parts)


def embedded(labels: npt.NDArray[Any], grey: npt.NDArray[Any] | None) -> str:
    """Embed the image, reduced if it is large."""
    from PIL import Image

    step = step_between(labels.shape, _MOST_PX)
    file = io.BytesIO()
    if grey is None:
        shown = Image.fromarray((labels[step // 2 :: step, step // 2 :: step] > 0).astype(np.uint8))
        shown.putpalette([255, 255, 255, *bytes.fromhex(PALE[1:])])
        shown.save(file, "PNG", optimize=True, bits=1)
    else:
        shown = Image.fromarray(levels(reduced(grey, step)))
        shown.save(file, "JPEG", quality=_QUALITY, optimize=True)
    data = base64.b64encode(file.getvalue()).decode()
    return (
        f'<image width="{shown.width * step}" height="{shown.height * step}" preserveAspectRatio="none" '
        f'xlink:href="data:image/{"png" if grey is None else "jpeg"};base64,{data}"/>'
    )


def _outlines(measured: Measured, point: float) -> Iterator[str]:
    """Outlines as two paths; what does not count is dashed."""
    if not len(measured.table):
        return
    width = 2 * line_width(measured.table, point) * point
    counted, excluded = split(measured.outlines, measured.table)
    dashes = f' stroke-dasharray="{2.2 * width:.3f} {1.6 * width:.3f}"'
    for lines, colour, dashed in ((counted, OUTLINE, ""), (excluded, EXCLUDED, dashes)):
        if lines:
            yield (
                f'<path fill="none" stroke="{colour}" stroke-width="{width:.3f}"{dashed} '
                f'transform="translate(.5 .5) scale(.5)" d="{path_data(simplified(lines))}"/>'
            )


def path_data(lines: Sequence[Floats]) -> str:
    """Write closed lines as the data of a path, in whole halves of a pixel."""
    found = []
    for line in lines:
        halves = np.rint(2 * line[:-1]).astype(int)
        moves = np.diff(halves, axis=0, prepend=[[0, 0]]).tolist()
        (x, y), *rest = moves
        found.append(f"M{x} {y}l" + " ".join(f"{dx} {dy}" for dx, dy in rest) + "z")
    return "".join(found).replace(" -", "-")


def _numbers(table: "pd.DataFrame", point: float) -> Iterator[str]:
    """Write its number onto each particle, as large as fits; onto none if there are too many to be legible."""
    if not 0 < len(table) <= _MOST_NUMBERED:
        return
    yield '<g fill="#fff" stroke="#000" paint-order="stroke" stroke-linejoin="round" text-anchor="middle">'
    for label, x, y, size in table[["label", "x_px", "y_px", "feret_min_px"]].itertuples(index=False):
        text = str(label)
        high = min(max(1.1 * size / max(len(text), 2) / point, _SMALLEST_PT), _LARGEST_PT) * point
        yield (
            f'<text x="{x + 0.5:.1f}" y="{y + 0.5 + 0.36 * high:.1f}" font-size="{high:.2f}" '
            f'stroke-width="{0.2 * high:.2f}">{text}</text>'
        )
    yield "</g>"


def _below(measured: Measured, shape: tuple[int, ...], point: float) -> Iterator[str]:
    """Scale bar below the image, where it hides nothing, and what dashed outlines mean."""
    height, width = shape
    length, text = scale_bar(width, measured.pixel_size_nm)
    middle, size = height + 0.5 * _BELOW_PT * point, _TEXT_PT * point
    place = f'y="{middle + 0.36 * size:.2f}" font-size="{size:.2f}" fill="{INK}"'
    yield f'<rect y="{middle - point:.2f}" width="{length:.2f}" height="{2 * point:.2f}" fill="{INK}"/>'
    yield f'<text x="{length + 5 * point:.2f}" {place}>{text}</text>'
    if (measured.table["weight"] == 0).any():
        yield f'<text x="{width}" text-anchor="end" {place}>dashed: does not count</text>'
