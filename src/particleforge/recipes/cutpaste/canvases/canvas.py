"""The interface of canvases."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Annotated, TypeAlias

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.params import Params
from particleforge.registry import Kinds
from particleforge.sample import Sample
from particleforge.wording import plural

Floats: TypeAlias = npt.NDArray[np.float32]


class CanvasMaker:
    """Draws canvases from prepared sources."""

    @abstractmethod
    def draw(self, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
        """(Y, X) float32 canvas without any particle."""


class Canvas(Params):
    """What particles are pasted onto."""

    @abstractmethod
    def prepare(self, samples: Sequence[Sample]) -> CanvasMaker:
        """Prepare canvases from annotated micrographs.

        Raises
        ------
        UserError
            If none can be made from these.
        """


AnyCanvas: TypeAlias = Annotated[Canvas, Kinds(Canvas)]


def no_background(samples: Sequence[Sample]) -> UserError:
    """Return the error for images without sure background."""
    return UserError(
        f"None of {plural(len(samples), 'image')} has enough sure background to make a canvas.",
        "Brush a few background strokes, at least 8 px wide, where there is no particle.",
    )
