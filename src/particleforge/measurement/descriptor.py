"""The protocol of descriptors, and the particles they measure."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.mask import Frame
from particleforge.measurement.column import Column
from particleforge.measurement.columns import DESCRIPTORS, givers
from particleforge.measurement.descriptors._hull import Hulls, hulls
from particleforge.pieces import Pieces, largest_pieces
from particleforge.runs import Runs

if TYPE_CHECKING:
    from particleforge.measurement.rules import Rules

Values: TypeAlias = npt.NDArray[Any]


class Descriptor(Protocol):
    """Computes columns of a particle table; a module of `descriptors`, or an object of this form as an entry point.

    Its columns are computed for all particles of an image at once, when the first of them is requested. It takes other
    columns that it needs from `particles`, which has them computed.

    If it takes anything from the rules, it names these fields of `Rules`: as ``RULES`` if it needs only other columns
    besides, as ``PIXEL_RULES`` if it needs the pixels of the particles.

    Where whole particles overlap, it gets the whole mask of each particle, as if there were no other ones. If it
    describes how particles lie to each other, or what is visible of them, it states ``TOGETHER = True`` and gets the
    labels of all, in which each pixel belongs to the particle on top.
    """

    COLUMNS: tuple[Column, ...]

    @staticmethod
    def compute(particles: "Particles") -> Mapping[str, Values]:
        """(n,) values of each column, by name with unit (`Column.in_px`); empty if they cannot be computed."""


class Particles(Mapping[str, Values]):
    """The particles of a label image: a mapping of their columns in px, computed on request.

    Of a label in several pieces, the largest one is the particle: `labels` and all columns but those of the descriptor
    ``pieces`` are as if the others were background.

    Parameters
    ----------
    labels
        (Y, X) ids, 0 = background.
    rules
        Which particles count, and the models and limits that descriptors use.
    rows
        Rows that show the specimen, as (first, last + 1); None: all.
    intensity
        (Y, X) grey values; None if there is no image.
    scores
        Score by id.
    pixel_size_nm
        Side of the square pixels; None if unknown. For gaps in nm and masses; all other columns are in px.
    frame
        Where the labels lie in a larger image; `rows` and positions are those of the larger one. None: they are all.
    """

    def __init__(
        self,
        labels: npt.NDArray[Any],
        rules: "Rules",
        rows: tuple[int, int] | None = None,
        intensity: npt.NDArray[Any] | None = None,
        scores: Mapping[int, float] | None = None,
        pixel_size_nm: float | None = None,
        frame: Frame | None = None,
    ) -> None:
        self._given, self.rules, self.intensity = labels, rules, intensity
        self.frame = frame or Frame((labels.shape[0], labels.shape[1]))
        self.rows, self.scores, self.pixel_size_nm = rows or (0, self.shape[0]), scores or {}, pixel_size_nm
        self._values: dict[str, Values] = {}
        self._asked: dict[str, bool] = {}

    @cached_property
    def pieces(self) -> Pieces:
        """Their largest pieces."""
        return largest_pieces(self._given)

    @cached_property
    def labels(self) -> Values:
        """(Y, X) ids of their largest pieces."""
        return self.pieces.labels

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the image, of which the labels may be a part."""
        return self.frame.shape

    @property
    def runs(self) -> Runs:
        """Their pixels as horizontal runs."""
        return self.pieces.runs

    @cached_property
    def hulls(self) -> Hulls:
        """Convex hulls of their pixel centres."""
        return hulls(self.runs)

    @property
    def whole(self) -> npt.NDArray[np.bool_]:
        """(n,) whether the whole particle is known, including what others hide."""
        return np.zeros(len(self.ids), np.bool_)

    @property
    def ids(self) -> Values:
        """(n,) labels in ascending order, which is the order of all values."""
        return self.runs.ids

    def __getitem__(self, name: str) -> Values:
        """(n,) values of a column, by name with unit; KeyError if they cannot be computed, for lack of an image."""
        if name not in self._values:
            self._compute(givers()[name])
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name in givers() if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _compute(self, descriptor: str) -> None:
        """Compute the columns of a descriptor, once."""
        if descriptor in self._asked:
            if not self._asked[descriptor]:
                raise UserError(f"The descriptor {descriptor!r} needs columns that in turn depend on it.")
            return
        self._asked[descriptor] = False
        found = DESCRIPTORS.get(descriptor).compute(self)
        for name, values in found.items():
            if givers().get(name) != descriptor or values.shape != self.ids.shape:
                raise UserError(
                    f"The descriptor {descriptor!r} returned {name!r} with the shape {values.shape}.",
                    f"It must return columns that it declares, with one value for each of {len(self.ids)} particles.",
                )
        self._values |= found
        self._asked[descriptor] = True
