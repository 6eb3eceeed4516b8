"""An annotated micrograph, measured or made."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph

if TYPE_CHECKING:
    import pandas as pd

TRUTH_COLUMNS = (
    "label",
    "class",
    "x_px",
    "y_px",
    "x_nm",
    "y_nm",
    "z_nm",
    "diameter_px",
    "diameter_nm",
    "feret_max_px",
    "feret_min_px",
    "feret_max_nm",
    "feret_min_nm",
    "orientation_deg",
    "visible_fraction",
    "material",
    "cluster",
    "source",
)
"""Names every recipe uses for what it knows of a particle; a recipe may add columns of its own behind them.

``x_px, y_px`` are the centroid of the particle as far as the recipe knows it: cut-paste of the whole particle, warp of
what is visible.
"""


@dataclass(frozen=True, eq=False)
class Sample:
    """A micrograph with its instances.

    Parameters
    ----------
    micrograph
        The image.
    labels
        (Y, X) uint32 instance ids; 0 = no labelled particle.
    known
        (Y, X) bool, True where `labels` is the truth; None where that is everywhere.
        Pixels that are not known may hold particles nobody labelled.
    truth
        One row per particle, columns named as in `TRUTH_COLUMNS`; None for measured micrographs.
    recipe
        Plain data of the fixed recipe that made it; empty for measured micrographs.
    """

    micrograph: Micrograph
    labels: npt.NDArray[np.uint32]
    known: npt.NDArray[np.bool_] | None = None
    truth: pd.DataFrame | None = None
    recipe: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for what, array in (("labels", self.labels), ("known", self.known)):
            if array is not None and array.shape != self.micrograph.shape:
                raise UserError(
                    f"{self.name}: the {what} have shape {array.shape}, the image {self.micrograph.shape}.",
                    "They must be equal; was one of them resized or cropped?",
                )

    @property
    def name(self) -> str:
        """The micrograph's name."""
        return self.micrograph.name

    def fingerprint(self) -> str:
        """Name and SHA-256 of pixels, pixel size and annotation: differs where anything learnt from differs."""
        digest = hashlib.sha256(repr((self.micrograph.pixel_size_nm, self.micrograph.axes)).encode())
        for array in (self.micrograph.pixels, self.labels, self.known):
            if array is not None:
                digest.update(repr((array.shape, array.dtype.str)).encode())
                digest.update(np.ascontiguousarray(array).data)
        return f"{self.name}: {digest.hexdigest()}"

    @property
    def background(self) -> npt.NDArray[np.bool_]:
        """(Y, X) bool, True where there is surely no particle."""
        free: npt.NDArray[np.bool_] = self.labels == 0
        return free if self.known is None else free & self.known


class Samples(Sequence[Sample]):
    """A sequence of samples that are read or made when they are asked for."""

    @abstractmethod
    def at(self, index: int) -> Sample:
        """Sample number `index`, counted from 0."""

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> list[Sample]: ...
    def __getitem__(self, index: int | slice) -> Sample | list[Sample]:
        """Return one sample, or several."""
        if isinstance(index, slice):
            return [self.at(i) for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"sample {index} of {len(self)}")
        return self.at(index % len(self))


class Joined(Samples):
    """Several sequences of samples, one behind the other."""

    def __init__(self, parts: Sequence[Sequence[Sample]]) -> None:
        self._parts = parts
        self._ends = list(accumulate(map(len, parts)))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __iter__(self) -> Iterator[Sample]:
        return chain.from_iterable(self._parts)

    def at(self, index: int) -> Sample:
        """Sample number `index` of all of them."""
        part = bisect_right(self._ends, index)
        return self._parts[part][index - (self._ends[part - 1] if part else 0)]
