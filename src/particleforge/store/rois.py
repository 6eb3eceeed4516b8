"""Selections of ImageJ: the ROI manager's ``RoiSet.zip`` and single ``.roi`` files, as label images.

Coordinates count from the corner of the image, as in ImageJ: a pixel belongs to a selection if its centre is inside.
Where selections overlap, the smaller one is on top.
"""

import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError, printable
from particleforge.store.polygons import Ints, polygon_pixels
from particleforge.store.unreadable import BROKEN, unreadable
from particleforge.wording import named

if TYPE_CHECKING:
    from roifile import ImagejRoi

SUFFIXES = (".zip", ".roi")
ROI_SET = re.compile(r"[ _-]*roi[ _-]?set[ _-]*", re.IGNORECASE)
MOST_BYTES = 2**28
"""Most bytes of all selections of a file, unpacked."""
AGAIN = "Save the selections again with the ROI Manager of ImageJ: More, Save."

Draw = Callable[[tuple[int, int]], tuple[Ints, Ints]]


@dataclass(frozen=True, eq=False)
class Roi:
    """A selection that is an area.

    Parameters
    ----------
    name
        As in the ROI Manager.
    box
        Left, top, right and bottom in px.
    draw
        Returns rows and columns of its pixels in an image of a given shape.
    position, along
        Its plane: number in the stack, and number along the axes ``t`` and ``z``; counted from 1, 0 = not stated.
    """

    name: str
    box: tuple[float, float, float, float]
    draw: Draw
    position: int
    along: dict[str, int]

    @property
    def is_placed(self) -> bool:
        """Whether it states a plane."""
        return self.position > 0 or any(self.along.values())

    def is_on(self, number: int, index: dict[str, int]) -> bool:
        """Whether it lies on a plane, given by its number and its place along each axis, counted from 0."""
        if any(self.along.get(axis) for axis in index):
            return all(self.along.get(axis) in (0, None, place + 1) for axis, place in index.items())
        return self.position == number + 1


@dataclass(frozen=True, eq=False)
class Rois:
    """The selections of a file.

    Parameters
    ----------
    path
        The file.
    areas
        Those that are areas.
    remarks
        Sentences on what was left out or is not exact.
    """

    path: Path
    areas: tuple[Roi, ...]
    remarks: tuple[str, ...] = ()

    def labels(self, shape: tuple[int, int]) -> tuple[npt.NDArray[np.uint32], tuple[str, ...]]:
        """Paint them on an image; ids are 1, 2, 3 in the order of the file, the smaller ones are on top.

        Returns
        -------
        The (Y, X) label image, and sentences on selections that are hidden, cut off, or outside of the image.

        Raises
        ------
        UserError
            If none of them lies in the image, or one cannot be drawn.
        """
        drawn = [self._drawn(roi, shape) for roi in self.areas]
        if drawn and not any(rows.size for rows, _ in drawn):
            raise UserError(
                f"{printable(str(self.path))}: none of its {len(drawn)} selections covers a pixel of the image of "
                f"{shape[0]} x {shape[1]} px.",
                "Use the image on which they were drawn.",
            )
        labels = np.zeros(shape, np.uint32)
        for number in sorted(range(len(drawn)), key=lambda number: -drawn[number][0].size):
            labels[drawn[number]] = number + 1
        return labels, self._comments(labels, [rows.size for rows, _ in drawn])

    def on_plane(self, number: int, index: dict[str, int]) -> "Rois":
        """Return only those on a plane of a stack, given by its number and its place along each axis."""
        return Rois(self.path, tuple(roi for roi in self.areas if roi.is_on(number, index)), self.remarks)

    def on_single_image(self) -> "Rois":
        """Return all of them, for an image that is not a stack.

        Raises
        ------
        UserError
            If they lie on several planes.
        """
        planes = {(roi.position, *roi.along.values()) for roi in self.areas if roi.is_placed}
        if len(planes) > 1:
            raise UserError(
                f"{printable(str(self.path))}: its selections lie on {len(planes)} planes of a stack, but the image is "
                "a single one.",
                "Use the stack, or save the selections of this plane alone.",
            )
        return self

    def on_stack(self) -> "Rois":
        """Return all of them, for a stack.

        Raises
        ------
        UserError
            If one of them states no plane.
        """
        lost = [roi.name for roi in self.areas if not roi.is_placed]
        if lost:
            raise UserError(
                f"{printable(str(self.path))}: {_named(lost)} of {len(self.areas)} have no position, but the image is "
                "a stack.",
                "In ImageJ, tick 'Associate Show All ROIs with slices', or set their position under Properties.",
            )
        return self

    def _drawn(self, roi: Roi, shape: tuple[int, int]) -> tuple[Ints, Ints]:
        try:
            return roi.draw(shape)
        except ValueError as error:
            raise UserError(f"{printable(str(self.path))}: {roi.name!r} cannot be drawn ({error}).", AGAIN) from error

    def _comments(self, labels: npt.NDArray[np.uint32], sizes: Sequence[int]) -> tuple[str, ...]:
        """Sentences on what of the selections is not seen in the labels."""
        left = np.bincount(labels.reshape(-1), minlength=len(sizes) + 1)[1:]
        height, width = labels.shape
        found: dict[str, list[str]] = {"outside": [], "hidden": [], "cut": [], "covered": []}
        for roi, size, seen in zip(self.areas, sizes, left, strict=True):
            x, y, right, bottom = roi.box
            if not size:
                found["outside"].append(roi.name)
            elif not seen:
                found["hidden"].append(roi.name)
            elif seen < size:
                found["covered"].append(roi.name)
            if size and (x < 0 or y < 0 or right > width or bottom > height):
                found["cut"].append(roi.name)
        texts = {
            "outside": "left out: no pixel of the image is inside",
            "hidden": "left out: hidden by smaller ones",
            "cut": "cut off at the edge of the image",
            "covered": "partly covered by smaller ones",
        }
        return tuple(f"{_named(names)} {texts[what]}." for what, names in found.items() if names)


def is_roi_file(path: Path) -> bool:
    """Whether a path may be a file of selections; it is not opened."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def is_roi_set(path: Path) -> bool:
    """Whether a file is called as the ROI Manager proposes, such as ``RoiSet.zip`` or ``a_RoiSet.zip``."""
    return is_roi_file(path) and ROI_SET.search(path.stem) is not None


def read_rois(path: Path) -> Rois:
    """Read the selections of a file.

    Raises
    ------
    UserError
        If it cannot be read, is too large, or has no selection that is an area.
    """
    from roifile import ROI_OPTIONS, ImagejRoi

    with unreadable(path, AGAIN):
        entries = _entries(path)
    if not entries:
        raise UserError(f"{printable(str(path))} contains no selections.", AGAIN)
    areas, others, splines = [], [], []
    for name, content in entries:
        try:
            roi = ImagejRoi.frombytes(content)
            area = _area(roi, roi.name or name)
        except BROKEN as error:
            raise UserError(
                f"{printable(str(path))}: the selection {name!r} cannot be read ({error}).", AGAIN
            ) from error
        if area is None:
            others.append(roi.name or name)
            continue
        areas.append(area)
        if ROI_OPTIONS.SPLINE_FIT in roi.options:
            splines.append(area.name)
    if not areas:
        raise UserError(
            f"{printable(str(path))}: none of its {len(entries)} selections is an area; points and lines have no size.",
            "Outline the particles with a polygon, a freehand or a wand selection.",
        )
    remarks = [f"{_named(others)} left out: not an area."] if others else []
    remarks += [f"{_named(splines)} fitted with splines, drawn with straight sides."] if splines else []
    return Rois(path, tuple(areas), tuple(remarks))


def _entries(path: Path) -> list[tuple[str, bytes]]:
    """Name and content of each selection of a file."""
    if path.suffix.lower() != ".zip":
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"it has more than {MOST_BYTES // 2**20} MiB")
        return [(path.stem, path.read_bytes())]
    try:
        with zipfile.ZipFile(path) as archive:
            inside = [one for one in archive.infolist() if one.filename.lower().endswith(".roi")]
            if sum(one.file_size for one in inside) > MOST_BYTES:
                raise ValueError(f"its selections have more than {MOST_BYTES // 2**20} MiB")
            return [(Path(one.filename).stem, archive.read(one)) for one in inside]
    except zipfile.BadZipFile as error:
        raise ValueError(str(error)) from error


def _area(roi: "ImagejRoi", name: str) -> Roi | None:
    """Return the area of a selection; None if it is a point, a line or text."""
    from roifile import ROI_SUBTYPE, ROI_TYPE

    if roi.subtype in (ROI_SUBTYPE.TEXT, ROI_SUBTYPE.IMAGE, ROI_SUBTYPE.ARROW):
        return None
    rings: list[npt.NDArray[Any]]
    if roi.roitype in (ROI_TYPE.POLYGON, ROI_TYPE.FREEHAND, ROI_TYPE.TRACED) or roi.composite:
        rings = [np.asarray(ring, np.float64).reshape(-1, 2) for ring in roi.coordinates(multi=True)]
    elif roi.roitype in (ROI_TYPE.RECT, ROI_TYPE.OVAL):
        x, y, right, bottom = float(roi.left), float(roi.top), float(roi.right), float(roi.bottom)
        if roi.subpixelrect:
            x, y, right, bottom = roi.xd, roi.yd, roi.xd + roi.widthd, roi.yd + roi.heightd
        rings = [np.array([[x, y], [right, y], [right, bottom], [x, bottom]])]
    else:
        return None
    along = {"t": roi.t_position, "z": roi.z_position}
    corners = np.concatenate([np.zeros((0, 2)), *rings])
    box = tuple(np.concatenate([corners.min(axis=0), corners.max(axis=0)]).tolist()) if corners.size else (0.0,) * 4
    oval = roi.roitype == ROI_TYPE.OVAL
    draw: Draw = (lambda shape: _oval(rings[0], shape)) if oval else (lambda shape: polygon_pixels(rings, shape))
    return Roi(name, box, draw, roi.position, along)


def _oval(box: npt.NDArray[np.float64], shape: tuple[int, int]) -> tuple[Ints, Ints]:
    """Pixels whose centres lie in the ellipse in a box."""
    if not np.isfinite(box).all():
        raise ValueError("its box is not finite")
    (x, y), (right, bottom) = box.min(axis=0), box.max(axis=0)
    top, left = (int(np.clip(np.floor(low), 0, side)) for low, side in zip((y, x), shape, strict=True))
    end, last = (int(np.clip(np.ceil(high), 0, side)) for high, side in zip((bottom, right), shape, strict=True))
    rows, columns = np.mgrid[top:end, left:last]
    if not rows.size or right == x or bottom == y:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    away = ((2 * columns + 1 - x - right) / (right - x)) ** 2 + ((2 * rows + 1 - y - bottom) / (bottom - y)) ** 2
    return rows[away <= 1], columns[away <= 1]


def _named(names: Sequence[str]) -> str:
    return named([printable(name) for name in names], "selection")
