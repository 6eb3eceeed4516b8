"""Masks of COCO annotations: polygons and run lengths."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from particleforge.store.exchange._coco_entries import Entry, is_whole, shown
from particleforge.store.polygons import polygon_pixels
from particleforge.store.rle import Ints, decode

OUTLINES = "Export outlines or masks of each particle (instance segmentation), or remove the annotation."
POLYGONS = "A segmentation is a list of polygons, each of them x and y of its corners in turn; or run lengths."


def mask_of(annotation: Entry, shape: tuple[int, int]) -> Ints:
    """Positions of the pixels of an annotation, column by column; none if it lies outside of the image.

    A polygon given without the list around it is read as one polygon.

    Raises
    ------
    UserError
        Naming the annotation and what is wrong with its segmentation.
    """
    segmentation = annotation.data.get("segmentation")
    if not segmentation:
        what = "has a bounding box only; an outline is needed." if annotation.data.get("bbox") else "has no outline."
        raise annotation.wrong(what, OUTLINES)
    if isinstance(segmentation, dict):
        return _of_runs(annotation, segmentation, shape)
    if not isinstance(segmentation, list):
        raise annotation.wrong(f"has the segmentation {shown(segmentation)}; it cannot be read.", POLYGONS)
    polygons = segmentation if isinstance(segmentation[0], list) else [segmentation]
    found = [_of_polygon(annotation, number, one, shape) for number, one in enumerate(polygons, 1)]
    return found[0] if len(found) == 1 else np.unique(np.concatenate(found))


def _of_runs(annotation: Entry, segmentation: dict[str, Any], shape: tuple[int, int]) -> Ints:
    size, counts = segmentation.get("size"), segmentation.get("counts")
    if not isinstance(size, list) or size != list(shape):
        raise annotation.wrong(
            f"has run lengths for an image of size {shown(size)}, but its image has {list(shape)}.",
            "Use the image for which it was made; size is height, then width.",
        )
    if isinstance(counts, list) and any(not is_whole(run) or not 0 <= run <= shape[0] * shape[1] for run in counts):
        run = next(run for run in counts if not is_whole(run) or not 0 <= run <= shape[0] * shape[1])
        raise annotation.wrong(
            f"has the run length {shown(run)}; whole numbers from 0 to {shape[0] * shape[1]} are needed.", POLYGONS
        )
    if not isinstance(counts, (str, list)):
        raise annotation.wrong(f"has the counts {shown(counts)}; text or a list of numbers is needed.", POLYGONS)
    try:
        return decode(counts, shape[0] * shape[1])
    except ValueError as error:
        raise annotation.wrong(f"has run lengths that cannot be read ({error}).", POLYGONS) from error


def _of_polygon(annotation: Entry, number: int, given: Any, shape: tuple[int, int]) -> Ints:
    what = f"has a segmentation that cannot be read: polygon {number}"
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise annotation.wrong(f"{what} is {shown(given)}.", POLYGONS)
    odd = next((one for one in given if isinstance(one, bool) or not isinstance(one, (int, float))), None)
    if odd is not None:
        raise annotation.wrong(f"{what} contains {shown(odd)}, which is not a number.", POLYGONS)
    if len(given) < 6 or len(given) % 2:
        raise annotation.wrong(f"{what} has {len(given)} numbers; an even number from 6 on is needed.", POLYGONS)
    try:
        rows, columns = polygon_pixels([np.asarray(given, np.float64).reshape(-1, 2)], shape)
    except (ValueError, OverflowError) as error:  # 10**400 is a number in JSON
        raise annotation.wrong(f"{what} cannot be drawn ({error}).", POLYGONS) from error
    return columns * shape[0] + rows
