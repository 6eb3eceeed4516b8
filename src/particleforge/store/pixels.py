"""Pixels that are read or computed when they are sliced."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from particleforge.store.unreadable import unreadable


class Pixels(Protocol):
    """An array, or an object like one that reads or computes only the slices requested."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        ...

    @property
    def dtype(self) -> Any:
        """Type of a value."""
        ...

    def __getitem__(self, index: Any, /) -> Any: ...


class Pages:
    """Pixels stored in pages.

    Parameters
    ----------
    lengths
        Of the axes the pages are counted along, the last one fastest; empty: there is one page.
    page
        Shape of a page.
    dtype
        Of the pixels.
    read
        Returns a page by its number: an array, or an object that reads only the slices requested. The array that was
        read last is kept while parts of it are requested.
    """

    def __init__(self, lengths: Sequence[int], page: Sequence[int], dtype: Any, read: Callable[[int], Pixels]) -> None:
        self._lengths, self._page, self._read = tuple(lengths), tuple(page), read
        self.shape, self.dtype = self._lengths + self._page, np.dtype(dtype)
        self._at_hand: tuple[int, Pixels] | None = None

    def __getitem__(self, index: tuple[int | slice, ...]) -> npt.NDArray[Any]:
        """Read a part: one number or slice per axis."""
        before = len(self._lengths)
        numbers = np.arange(math.prod(self._lengths)).reshape(self._lengths)[index[:before]]
        inner = index[before:]
        shape = np.broadcast_to(np.empty((), self.dtype), self._page)[inner].shape
        parts = np.empty((numbers.size, *shape), self.dtype)
        for part, number in zip(parts, numbers.flat, strict=True):
            part[...] = self._one(int(number), shape != self._page)[inner]
        return parts.reshape(numbers.shape + shape)

    def _one(self, number: int, in_parts: bool) -> Pixels:
        """Page by its number; other parts of it may be requested next."""
        at_hand = self._at_hand
        if at_hand is not None and at_hand[0] == number:
            return at_hand[1]
        self._at_hand = None
        page = self._read(number)
        if tuple(page.shape) != self._page:
            raise ValueError(f"page {number} has the shape {tuple(page.shape)}, not {self._page}")
        self._at_hand = (number, page) if in_parts and isinstance(page, np.ndarray) else None
        return page


class LazyPixels:
    """Array-like pixels in another order of axes: only slices are read; `np.asarray` reads everything.

    Parameters
    ----------
    stored
        As they are in the file.
    order
        Their axes in the new order; others are left out.
    path
        File or URL they are read from, if any; if it is broken, a `UserError` is raised.
    at
        Position along axes that are left out and not of length 1.
    """

    def __init__(
        self, stored: Pixels, order: Sequence[int], path: Path | str | None = None, at: Mapping[int, int] | None = None
    ) -> None:
        self._stored, self._order, self._path, self._at = stored, tuple(order), path, at or {}
        self.shape = tuple(stored.shape[axis] for axis in order)
        self.ndim = len(self.shape)
        self.dtype = np.dtype(stored.dtype)
        self.size = math.prod(self.shape)
        self.nbytes = self.size * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        given = index if isinstance(index, tuple) else (index,)
        if len(given) > self.ndim or not all(isinstance(part, (int, np.integer, slice)) for part in given):
            return cast("npt.NDArray[Any]", np.asarray(self)[index])
        parts = dict(zip(self._order, given + (slice(None),) * (self.ndim - len(given)), strict=True))
        places = {**self._at, **parts}
        with unreadable(self._path):
            part = np.asarray(self._stored[tuple(places.get(axis, 0) for axis in range(len(self._stored.shape)))])
        left = [axis for axis in self._order if isinstance(parts[axis], slice)]
        return np.asarray(part.transpose([sorted(left).index(axis) for axis in left]), order="C")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.asarray(self[(slice(None),) * self.ndim], dtype)

    def astype(self, dtype: Any) -> npt.NDArray[Any]:
        """All pixels as another type."""
        return np.asarray(self, dtype)
