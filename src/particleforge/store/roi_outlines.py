"""Particles of a label image as selections of ImageJ, along the edges of their pixels."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from particleforge.store.rle import instance_pixels

MOVE, LINE, CLOSE = 0.0, 1.0, 4.0
"""Commands of a path of several outlines."""


def as_selections(labels: npt.NDArray[np.uint32]) -> Iterator[tuple[int, bytes]]:
    """Yield each id of a (Y, X) label image with the content of its ``.roi`` file."""
    height = labels.shape[0]
    for label, pixels in instance_pixels(labels):
        x, y = pixels // height, pixels % height
        left, top = int(x.min()), int(y.min())
        mask = np.zeros((int(y.max()) - top + 3, int(x.max()) - left + 3), bool)
        mask[y - top + 1, x - left + 1] = True
        yield label, _selection(str(label), [ring + np.array([left, top]) for ring in _rings(mask)])


def _selection(name: str, rings: list[npt.NDArray[np.int64]]) -> bytes:
    """One outline as a traced polygon, several as a composite."""
    from roifile import ROI_TYPE, ImagejRoi

    if len(rings) == 1:
        traced = ImagejRoi.frompoints(rings[0], name=name)
        traced.roitype = ROI_TYPE.TRACED
        return traced.tobytes()
    corners = np.concatenate(rings)
    path = np.array([value for ring in rings for value in _path(ring)], np.float32)
    (left, top), (right, bottom) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    box = {"left": left, "top": top, "right": right, "bottom": bottom}
    whole = ImagejRoi(roitype=ROI_TYPE.RECT, name=name, shape_roi_size=len(path), multi_coordinates=path, **box)
    return whole.tobytes()


def _path(ring: npt.NDArray[np.int64]) -> Iterator[float]:
    for number, (x, y) in enumerate(ring.tolist()):
        yield from (LINE if number else MOVE, float(x), float(y))
    yield CLOSE


def _rings(mask: npt.NDArray[np.bool_]) -> list[npt.NDArray[np.int64]]:
    """Corners x, y of closed outlines along pixel edges; the mask has an empty rim of one pixel that does not count."""
    steps = _edges(mask)
    rings: list[npt.NDArray[np.int64]] = []
    while steps:
        ring: list[tuple[int, int]] = []
        place = start = next(iter(steps))
        while not ring or place != start:
            ring.append(place)
            ends = steps[place]
            place = ends.pop()
            if not ends:
                del steps[ring[-1]]
        corners = np.array(ring, np.int64)
        turn = (np.roll(corners, 1, axis=0) - 2 * corners + np.roll(corners, -1, axis=0)).any(axis=1)
        rings.append(corners[turn])
    return rings


def _edges(mask: npt.NDArray[np.bool_]) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """End of each edge between inside and outside by its start, with the inside on the same hand."""
    found: dict[tuple[int, int], list[tuple[int, int]]] = {}
    inner = mask[1:-1, 1:-1]
    sides = (
        (mask[:-2, 1:-1], (0, 0), (1, 0)),  # above
        (mask[1:-1, 2:], (1, 0), (1, 1)),  # right
        (mask[2:, 1:-1], (1, 1), (0, 1)),  # below
        (mask[1:-1, :-2], (0, 1), (0, 0)),  # left
    )
    for outside, (x0, y0), (x1, y1) in sides:
        for y, x in np.argwhere(inner & ~outside).tolist():
            found.setdefault((x + x0, y + y0), []).append((x + x1, y + y1))
    return found
