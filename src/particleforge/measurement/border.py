"""How particles at the border of an image count: a choice that every report names.

A large particle touches the border more often than a small one. So leaving those out that do makes the rest too small
on average, and keeping them adds particles that are cut.
"""

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import BeforeValidator, Field

from particleforge.measurement.descriptors.runs import Floats
from particleforge.params import Params


class Border(Params):
    """What each particle counts, by where it lies."""

    @abstractmethod
    def weights(self, columns: Mapping[str, npt.NDArray[Any]], shape: tuple[int, int]) -> Floats:
        """(n,) weight of each particle of an image of `shape` (Y, X) pixels; 0 where it does not count."""

    @property
    @abstractmethod
    def sentence(self) -> str:
        """The rule in words, for a report."""


class KeepAll(Border):
    """All particles count, also those the border cuts, with what is visible of them."""

    kind: Literal["keep_all"] = "keep_all"

    def weights(self, columns: Mapping[str, npt.NDArray[Any]], shape: tuple[int, int]) -> Floats:
        """(n,) ones."""
        return np.ones(len(columns["touches_border"]))

    @property
    def sentence(self) -> str:
        """The rule in words."""
        return "All particles count, those at the border with their visible part; these are too small."


class Drop(Border):
    """Particles that touch the border do not count, the others do; the mean comes out too small."""

    kind: Literal["drop"] = "drop"

    def weights(self, columns: Mapping[str, npt.NDArray[Any]], shape: tuple[int, int]) -> Floats:
        """(n,) 1 inside, 0 at the border."""
        return np.where(columns["touches_border"], 0.0, 1.0)

    @property
    def sentence(self) -> str:
        """The rule in words."""
        return (
            "Particles that touch the border do not count. Large ones touch it more often, so sizes come out too small."
        )


class MilesLantuejoul(Border):
    r"""Particles inside count the more, the less likely a particle of their extent lies wholly inside.

    In an image of W by H pixels, of all places where the box of a particle of w by h pixels can have its first corner,
    it touches no border at :math:`(W - 1 - w)(H - 1 - h)`; so the particle counts
    :math:`WH / ((W - 1 - w)(H - 1 - h))`, and those that touch the border do not count. In the mean over images this
    is the true distribution by number, whatever shapes and sizes there are, as long as they fit into the image.
    """

    kind: Literal["miles_lantuejoul"] = "miles_lantuejoul"

    def weights(self, columns: Mapping[str, npt.NDArray[Any]], shape: tuple[int, int]) -> Floats:
        """(n,) above 1 inside, 0 at the border."""
        height, width = shape
        free = (height - 1 - columns["box_height_px"]) * (width - 1 - columns["box_width_px"])
        inside = ~np.asarray(columns["touches_border"], bool)
        return np.where(inside, height * width / np.where(inside, free, 1), 0.0)

    @property
    def sentence(self) -> str:
        """The rule in words."""
        return (
            "Particles that touch the border do not count; the others count by the inverse of their chance of not "
            "touching it (Miles-Lantuejoul)."
        )


class GuardFrame(Border):
    """Particles count whose centroid lies inside a frame; it is free of bias if none of these touches the border."""

    kind: Literal["guard_frame"] = "guard_frame"
    guard_px: float | None = Field(
        None, ge=0, description="Width of the frame along the border; empty: half the largest Feret diameter."
    )

    def weights(self, columns: Mapping[str, npt.NDArray[Any]], shape: tuple[int, int]) -> Floats:
        """(n,) 1 where the centroid is inside, 0 outside."""
        guard = self.guard_px
        if guard is None:
            guard = math.ceil(float(np.max(columns["feret_max_px"], initial=0)) / 2)
        inside = np.ones(len(columns["x_px"]), np.bool_)
        for centre, length in ((columns["y_px"], shape[0]), (columns["x_px"], shape[1])):
            inside &= (centre >= guard - 0.5) & (centre < length - guard - 0.5)
        return inside.astype(float)

    @property
    def sentence(self) -> str:
        """The rule in words."""
        width = "half the largest Feret diameter" if self.guard_px is None else f"{self.guard_px:g} px"
        return f"Particles count whose centroid lies more than {width} inside the border (guard frame)."


def by_kind(value: Any) -> Any:
    """Take a bare word for the variant of that kind."""
    return {"kind": value} if isinstance(value, str) else value


AnyBorder: TypeAlias = Annotated[
    MilesLantuejoul | GuardFrame | Drop | KeepAll, Field(discriminator="kind"), BeforeValidator(by_kind)
]
