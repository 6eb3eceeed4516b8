"""What a detector finds in an image."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from particleforge.mask import Mask, WholeMasks

Window: TypeAlias = tuple[slice, slice]
Labels: TypeAlias = npt.NDArray[np.uint32]
Floats: TypeAlias = npt.NDArray[np.float32]
Points: TypeAlias = npt.NDArray[np.float64]
Ids: TypeAlias = npt.NDArray[np.int64]


class Outlines(ABC):
    """Outlines of n particles, which may overlap; one subclass per representation, for example polygons.

    Parameters
    ----------
    whole
        Whether they include what other particles hide; sizes are then those of each particle's own mask.
    """

    whole: bool = False

    @abstractmethod
    def __len__(self) -> int:
        """How many there are."""

    def paint(self, shape: tuple[int, int], scores: Floats, window: Window | None = None) -> Labels:
        """Paint them: outline i has id i + 1, and where several overlap the one with the highest score is on top.

        Parameters
        ----------
        shape
            (Y, X) of the image.
        scores
            (n,) score of each; of equal ones the last is on top.
        window
            Part of the image to paint; None: all. It is equal to that part of the whole.
        """
        rows, columns = window or (slice(0, shape[0]), slice(0, shape[1]))
        labels = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint32)
        for index in np.argsort(scores, kind="stable").tolist():
            mask = self.mask(index, shape).moved(-rows.start, -columns.start).clipped(labels.shape)
            labels[mask.window][mask.pixels] = index + 1
        return labels

    @abstractmethod
    def mask(self, index: int, shape: tuple[int, int]) -> Mask:
        """Pixels of one particle, as far as they lie in the (Y, X) image; others hide none of them."""

    @abstractmethod
    def only(self, indices: Ids) -> Self:
        """Return the outlines at these indices, in this order."""

    @abstractmethod
    def moved(self, rows: float, columns: float) -> Self:
        """Return them moved down and to the right."""

    @abstractmethod
    def boxes(self) -> Points:
        """(n, 4) first row, last row, first column and last column that each reaches, in pixels."""

    @abstractmethod
    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Everything about them as arrays, for a file."""

    @classmethod
    @abstractmethod
    def of_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Make them from what `arrays` gives."""

    @classmethod
    @abstractmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Put several together, in their order; there is at least one."""


class Polygons(Outlines):
    """Outlines by their corners.

    Parameters
    ----------
    corners
        (k, 2) y and x of the corners of each outline, in pixels; k may differ.
    """

    def __init__(self, corners: Sequence[Points], whole: bool = False) -> None:
        self.corners, self.whole = list(corners), whole

    def __len__(self) -> int:
        return len(self.corners)

    def mask(self, index: int, shape: tuple[int, int]) -> Mask:
        """Pixels of the image whose centre lies inside."""
        return Mask.within(self.corners[index], shape)

    def only(self, indices: Ids) -> Polygons:
        """Return the outlines at these indices, in this order."""
        return Polygons([self.corners[index] for index in indices], self.whole)

    def moved(self, rows: float, columns: float) -> Polygons:
        """Return them moved down and to the right."""
        return Polygons([corners + np.array([rows, columns]) for corners in self.corners], self.whole)

    def boxes(self) -> Points:
        """(n, 4) first row, last row, first column and last column that each reaches, in pixels."""
        found = [(*corners.min(0), *corners.max(0)) for corners in self.corners]
        return np.array(found, float).reshape(-1, 4)[:, [0, 2, 1, 3]]

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """All corners, and how many each has."""
        corners = np.concatenate([np.empty((0, 2)), *self.corners])
        return {"corners": corners, "counts": np.array([len(one) for one in self.corners], np.int64), **_flag(self)}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Polygons:
        """Make them from what `arrays` gives."""
        return cls(_split(arrays["corners"], arrays["counts"]), bool(arrays["whole"]))

    @classmethod
    def joined(cls, parts: Sequence[Polygons]) -> Polygons:
        """Put several together, in their order."""
        return cls([corners for part in parts for corners in part.corners], parts[0].whole)


class Masks(Outlines):
    """Outlines by the pixels inside, each in its own window.

    Parameters
    ----------
    masks
        The pixels of each.
    whole
        See `Outlines`.
    """

    def __init__(self, masks: Sequence[Mask], whole: bool = True) -> None:
        self.masks, self.whole = list(masks), whole

    def __len__(self) -> int:
        return len(self.masks)

    def mask(self, index: int, shape: tuple[int, int]) -> Mask:
        """Pixels of one particle, as far as they lie in the image."""
        return self.masks[index].clipped(shape)

    def only(self, indices: Ids) -> Masks:
        """Return the outlines at these indices, in this order."""
        return Masks([self.masks[index] for index in indices], self.whole)

    def moved(self, rows: float, columns: float) -> Masks:
        """Return them moved by whole pixels down and to the right."""
        return Masks([mask.moved(round(rows), round(columns)) for mask in self.masks], self.whole)

    def boxes(self) -> Points:
        """(n, 4) first row, last row, first column and last column of each."""
        found = [(m.top, m.top + m.pixels.shape[0] - 1, m.left, m.left + m.pixels.shape[1] - 1) for m in self.masks]
        return np.array(found, float).reshape(-1, 4)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Places and shapes of the windows, and 8 pixels in a byte."""
        places = np.array([(mask.top, mask.left, *mask.pixels.shape) for mask in self.masks], np.int64)
        packed = [np.packbits(mask.pixels) for mask in self.masks]
        return {
            "places": places.reshape(-1, 4),
            "counts": np.array(list(map(len, packed)), np.int64),
            "pixels": np.concatenate([np.empty(0, np.uint8), *packed]),
            **_flag(self),
        }

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Masks:
        """Make them from what `arrays` gives."""
        masks = []
        for place, packed in zip(arrays["places"].tolist(), _split(arrays["pixels"], arrays["counts"]), strict=True):
            top, left, height, width = place
            pixels = np.unpackbits(packed, count=height * width).reshape(height, width).astype(np.bool_)
            masks.append(Mask(top, left, pixels))
        return cls(masks, bool(arrays["whole"]))

    @classmethod
    def joined(cls, parts: Sequence[Masks]) -> Masks:
        """Put several together, in their order."""
        return cls([mask for part in parts for mask in part.masks], parts[0].whole)


def _flag(outlines: Outlines) -> dict[str, npt.NDArray[np.bool_]]:
    return {"whole": np.array(outlines.whole)}


def _split(values: npt.NDArray[Any], counts: Ids) -> list[npt.NDArray[Any]]:
    """Divide what was put one behind the other."""
    return np.split(values, np.cumsum(counts)[:-1]) if len(counts) else []


@dataclass(frozen=True, eq=False)
class Detections:
    """Particles found in an image; particle i has id i + 1.

    Parameters
    ----------
    shape
        (Y, X) of the image.
    points
        (n, 2) y and x of a point in each particle, in pixels.
    scores
        (n,) how sure the detector is of each, between 0 and 1.
    outlines
        Outline of each particle, if the detector gives any; they may overlap.
    painted
        Makes the labels if they are not painted from the outlines.
    classes
        Class of each particle, if the detector distinguishes classes.
    found
        Plain data about the detection itself, for example ``working_scale`` (factor by which the image was resized) and
        ``certainty`` (how sure the detector is of the whole image, between 0 and 1; None where that is not known).
        Where known, ``expected_f1`` (a mapping of ``value``, ``low`` and ``high``, which hold it in 8 of 10 images),
        ``unlike_training`` (True if the image is unlike those of the training), and ``detection_error``: by figure
        (``geometric_mean``, ``gsd``, ``d10``, ``d50``, ``d90``, ``count``), the standard deviation of
        ln(true value / found value) in this image.
    """

    shape: tuple[int, int]
    points: Points
    scores: Floats
    outlines: Outlines | None = None
    painted: Callable[[], Labels] | None = None
    classes: tuple[str, ...] | None = None
    found: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.scores)

    @cached_property
    def labels(self) -> Labels:
        """(Y, X) ids, 0 = background; a particle completely covered by others has no pixels.

        They are painted once, in the image in which the particles were found: pixels of particles that `only` leaves
        out become background, and `moved` shows nothing that lay beyond that image.
        """
        if self.painted is not None:
            return self.painted()
        if self.outlines is None:
            return np.zeros(self.shape, np.uint32)
        return self.outlines.paint(self.shape, self.scores)

    @cached_property
    def whole_masks(self) -> WholeMasks:
        """Mask of each whole particle by its id, also of hidden ones; empty if only visible parts are known."""
        if self.outlines is None or not self.outlines.whole:
            return {}
        return {index + 1: self.outlines.mask(index, self.shape) for index in range(len(self))}

    @property
    def certainty(self) -> float | None:
        """How sure the detector is of the whole image; None where that is not known."""
        return self.found.get("certainty")

    @property
    def reach_px(self) -> float:
        """Largest distance of an outline from its point, along rows or columns; 0 without outlines."""
        if self.outlines is None or not len(self):
            return 0.0
        return float(np.abs(self.outlines.boxes() - self.points.repeat(2, axis=1)).max())

    def only(self, ids: Ids) -> Self:
        """Return the particles with these ids, renumbered in this order."""
        new = np.zeros(len(self) + 1, np.uint32)
        new[ids] = np.arange(1, len(ids) + 1)
        kept = np.asarray(ids, np.int64) - 1
        return replace(
            self,
            points=self.points[kept],
            scores=self.scores[kept],
            outlines=None if self.outlines is None else self.outlines.only(kept),
            painted=lambda: new[self.labels],
            classes=None if self.classes is None else tuple(self.classes[index] for index in kept),
        )

    def moved(self, rows: int, shape: tuple[int, int]) -> Self:
        """Return them in a larger (Y, X) image that contains the original one `rows` rows from the top."""

        def painted() -> Labels:
            labels = np.zeros(shape, np.uint32)
            labels[rows : rows + len(self.labels)] = self.labels
            return labels

        return replace(
            self,
            shape=shape,
            points=self.points + np.array([rows, 0]),
            outlines=None if self.outlines is None else self.outlines.moved(rows, 0),
            painted=painted,
        )

    def outside(self, windows: Sequence[Window]) -> Self:
        """Return the particles of which at most half lies in the given windows."""
        if self.outlines is not None:
            return self.only(1 + np.flatnonzero([share <= 0.5 for share in self._shares(self.outlines, windows)]))
        within = np.zeros(self.shape, np.bool_)
        for window in windows:
            within[window] = True
        areas, inside = (
            np.bincount(part, minlength=len(self) + 1)[1:] for part in (self.labels.ravel(), self.labels[within])
        )
        return self.only(1 + np.flatnonzero(inside <= areas / 2))

    def _shares(self, outlines: Outlines, windows: Sequence[Window]) -> Iterator[float]:
        """Share of each particle that lies in windows; others hide none of it."""
        for index, (top, bottom, left, right) in enumerate(outlines.boxes().tolist()):
            near = [
                (rows, columns)
                for rows, columns in windows
                if bottom >= rows.start and top < rows.stop and right >= columns.start and left < columns.stop
            ]
            y, x = outlines.mask(index, self.shape).places if near else (np.empty(0), np.empty(0))
            inside = np.zeros(len(y), np.bool_)
            for rows, columns in near:
                inside |= (y >= rows.start) & (y < rows.stop) & (x >= columns.start) & (x < columns.stop)
            yield float(inside.mean()) if len(y) else 0.0
