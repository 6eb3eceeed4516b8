"""An annotated micrograph, measured or synthetic."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from itertools import accumulate, chain
from numbers import Real
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.outline import Outline

if TYPE_CHECKING:
    import pandas as pd

CLASS, GROUP = "class", "group"
"""Targets that state what an image shows, and which images belong together; `CLASS` is a column of the truth, too."""
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
"""Names that all recipes use for what they know about a particle; a recipe may append columns of its own.

``x_px, y_px`` are the centroid of the particle as far as the recipe knows it: for cut-paste of the whole particle, for
warp of its visible part.
"""


@dataclass(frozen=True, eq=False)
class Sample:
    """A micrograph with its instances.

    The `Schema` of the recipe or the dataset states what `maps`, `arrays` and `targets` contain and mean. Their arrays
    are read-only.

    Parameters
    ----------
    micrograph
        The image.
    labels
        (Y, X) uint32 instance ids; 0 = no labelled particle.
    known
        (Y, X) bool, True where `labels` is the truth; None if it is everywhere.
        Pixels that are not known may show particles that nobody labelled.
    truth
        One row per particle, columns named as in `TRUTH_COLUMNS`; None for measured micrographs.
    recipe
        Plain data of the fixed recipe that made it; empty for measured micrographs.
    maps
        Further arrays with one value for each pixel, (Y, X), by name, for example a mask of boundaries.
    arrays
        Further arrays of any shape, by name, for example a spectrum.
    targets
        Further values by name: numbers, categories, tuples of `Outline`.
    """

    micrograph: Micrograph
    labels: npt.NDArray[np.uint32]
    known: npt.NDArray[np.bool_] | None = None
    truth: pd.DataFrame | None = None
    recipe: dict[str, Any] = field(default_factory=dict)
    maps: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    arrays: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    targets: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "maps", _read_only(self.maps))
        object.__setattr__(self, "arrays", _read_only(self.arrays))
        object.__setattr__(self, "targets", MappingProxyType(dict(self.targets)))
        maps = {f"values of {name}": values for name, values in self.maps.items()}
        for what, array in {"labels": self.labels, "known": self.known, **maps}.items():
            if array is not None and array.shape != self.micrograph.shape:
                raise UserError(
                    f"{self.name}: the {what} have shape {array.shape}, but the image has {self.micrograph.shape}.",
                    "The shapes must be equal; was one of them resized or cropped?",
                )

    @classmethod
    def unlabelled(
        cls,
        micrograph: Micrograph | str,
        maps: Mapping[str, npt.NDArray[Any]] = MappingProxyType({}),
        arrays: Mapping[str, npt.NDArray[Any]] = MappingProxyType({}),
        targets: Mapping[str, Any] = MappingProxyType({}),
        recipe: Mapping[str, Any] = MappingProxyType({}),
    ) -> Sample:
        """Make a sample whose particles are not known anywhere.

        Parameters
        ----------
        micrograph
            The image; or only the name of a sample without an image, for example a spectrum.
        maps, arrays, targets, recipe
            As in `Sample`.
        """
        if isinstance(micrograph, str):
            micrograph = Micrograph(np.zeros((0, 0), np.uint8), name=micrograph)
        shape = micrograph.shape
        return cls(
            micrograph,
            np.zeros(shape, np.uint32),
            np.zeros(shape, np.bool_),
            recipe=dict(recipe),
            maps=maps,
            arrays=arrays,
            targets=targets,
        )

    def __reduce__(self) -> tuple[Any, ...]:
        plain = (dict(self.maps), dict(self.arrays), dict(self.targets))
        return Sample, (self.micrograph, self.labels, self.known, self.truth, self.recipe, *plain)

    @property
    def name(self) -> str:
        """The micrograph's name."""
        return self.micrograph.name

    @property
    def has_image(self) -> bool:
        """Whether there is an image; a sample may consist of arrays and targets alone."""
        return self.micrograph.pixels.size > 0

    def fingerprint(self) -> str:
        """Name and SHA-256 of pixels, pixel size and annotation: differs if anything a model learns from differs."""
        digest = hashlib.sha256(repr((self.micrograph.pixel_size_nm, self.micrograph.axes)).encode())
        for array in (self.micrograph.pixels, self.labels, self.known):
            if array is not None:
                _feed(digest, array)
        classes = {} if self.truth is None or CLASS not in self.truth else {CLASS: tuple(self.truth[CLASS].map(str))}
        for named in (self.maps, self.arrays, self.targets, classes):
            for name, value in sorted(named.items()):
                digest.update(name.encode())
                _feed(digest, value)
        return f"{self.name}: {digest.hexdigest()}"

    @property
    def outlines(self) -> tuple[Outline, ...] | None:
        """Outlines of all whole particles, including what is hidden; None: the labels show all that is known."""
        return self.targets.get("outlines")

    @property
    def background(self) -> npt.NDArray[np.bool_]:
        """(Y, X) bool, True where there is certainly no particle."""
        free: npt.NDArray[np.bool_] = self.labels == 0
        return free if self.known is None else free & self.known


def _read_only(arrays: Mapping[str, npt.NDArray[Any]]) -> Mapping[str, npt.NDArray[Any]]:
    """Arrays that cannot be written to, without a copy."""
    views = {name: np.asarray(array).view() for name, array in arrays.items()}
    for view in views.values():
        view.flags.writeable = False
    return MappingProxyType(views)


def _feed(digest: hashlib._Hash, value: Any) -> None:
    """Feed a digest with an array, a number, text, or a tuple or dataclass of them."""
    if isinstance(value, np.ndarray):
        digest.update(repr((value.shape, value.dtype.str)).encode())
        digest.update(np.ascontiguousarray(value).data)
    elif isinstance(value, tuple) or is_dataclass(value):
        parts = value if isinstance(value, tuple) else [getattr(value, part.name) for part in fields(value)]
        digest.update(str(len(parts)).encode())
        for part in parts:
            _feed(digest, part)
    else:
        digest.update(repr(float(value) if isinstance(value, Real) else value).encode())


class Samples(Sequence[Sample]):
    """A sequence of samples that are read or made on request."""

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
    """Several sequences of samples, concatenated."""

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
