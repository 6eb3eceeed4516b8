"""Images as estimators want them: one size, one pixel size, few grey levels."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.models.normalize import rescale
from particleforge.params import Params

if TYPE_CHECKING:
    from particleforge.sample import Sample

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
WHITE = 255
MOST_RESIZED = 4.0
"""Images may have larger or smaller pixels than those learned from by this factor."""
BEYOND = 3.0
"""Grey values may exceed the range learned from by this factor of it."""
READ_FOR_RANGE = 256
"""Images at most that the grey range is taken from."""
SAME_SIZE = 0.01
TRIMMED_PX = 2
"""Rows and columns at most that are cut off without a word on each side."""


class PrepareParams(Params):
    """How images are made ready for the networks."""

    pool: int = Field(2, ge=1, le=64, description="Blocks of so many by so many pixels become one, by their mean.")
    grey: Literal["absolute", "per_image"] = Field(
        "absolute",
        description="What becomes black and white. absolute: the same grey values in all images, which must be "
        "calibrated; per_image: the least and the largest of each image.",
    )
    curve: Literal["linear", "root"] = Field(
        "linear",
        description="root: the square root of the grey range, which brings out faint particles and makes the noise of "
        "counted electrons the same everywhere.",
    )
    levels: int = Field(256, ge=2, le=256, description="Grey values are rounded to so many levels.")


class Preparation(PrepareParams):
    """Makes images ready, with what was found out from the samples learned from."""

    height_px: int = Field(128, ge=1, description="Height of images before pooling.")
    width_px: int = Field(128, ge=1, description="Width of images before pooling.")
    pixel_size_nm: float | None = Field(None, gt=0, description="Side of their pixels; empty: not known.")
    low: float = Field(0.0, description="Grey value that becomes black, for absolute.")
    high: float = Field(1.0, description="Grey value that becomes white, for absolute.")

    @classmethod
    def fit(cls, samples: "Sequence[Sample]", params: PrepareParams) -> Self:
        """Find size, pixel size and grey range of samples.

        Raises
        ------
        UserError
            If there is no sample or pixel sizes differ.
        """
        if not len(samples):
            raise UserError("There is no sample to learn from.", "Draw some, such as 3000.")
        some = samples if len(samples) <= READ_FOR_RANGE else _spread(samples)
        seen = [sample.micrograph for sample in some]
        sizes = [one.square_pixel_size_nm for one in seen]
        known = [size for size in sizes if size is not None]
        if known and (len(known) < len(sizes) or max(known) > min(known) * (1 + SAME_SIZE)):
            other = "none" if len(known) < len(sizes) else f"{max(known):g} nm"
            raise UserError(
                f"Pixel sizes of the samples differ: {min(known):g} nm and {other}.",
                "Draw samples with one pixel size; images of others are resized when they are estimated from.",
            )
        low = min(float(one.grey.min()) for one in seen)
        high = float(np.percentile([float(one.grey.max()) for one in seen], 99))
        return cls.parse(
            params.model_dump()
            | {
                "height_px": max(one.shape[0] for one in seen),
                "width_px": max(one.shape[1] for one in seen),
                "pixel_size_nm": known[0] if known else None,
                "low": low,
                "high": high if high > low else low + 1,
            }
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of prepared images."""
        return max(1, self.height_px // self.pool), max(1, self.width_px // self.pool)

    def __call__(self, micrograph: Micrograph) -> Bytes:
        """Return the image as (Y, X) uint8.

        It is resized to the pixel size learned from, and filled up with its ground where it is smaller.

        Raises
        ------
        UserError
            If its pixel size is not known, but that of the others is; if it is too far from theirs; if the image is
            larger or its grey values lie far beyond theirs.
        """
        image = pooled(resized(micrograph.grey, self._factor(micrograph)), self.pool)
        return self._level(self._framed(image, micrograph), micrograph)

    def _factor(self, micrograph: Micrograph) -> float:
        own = micrograph.square_pixel_size_nm
        if self.pixel_size_nm is None:
            return 1.0
        if own is None:
            raise UserError(
                f"{micrograph.name}: its pixel size is not known; the estimator learned at {self.pixel_size_nm:g} nm.",
                "Give it, such as --pixel-size '0.5 nm'.",
            )
        factor = own / self.pixel_size_nm
        if not 1 / MOST_RESIZED <= factor <= MOST_RESIZED:
            raise UserError(
                f"{micrograph.name}: its pixels measure {own:g} nm; the estimator learned at {self.pixel_size_nm:g} nm "
                f"and takes {self.pixel_size_nm / MOST_RESIZED:g} to {self.pixel_size_nm * MOST_RESIZED:g} nm.",
                "Check the pixel size, or train an estimator for this magnification.",
            )
        return 1.0 if abs(factor - 1) < SAME_SIZE else factor

    def _framed(self, image: Floats, micrograph: Micrograph) -> Floats:
        """Put into the middle of a frame with the grey of the image's border."""
        if any(own > side + 2 * TRIMMED_PX for own, side in zip(image.shape, self.shape, strict=True)):
            size = "" if self.pixel_size_nm is None else f" of {self.pixel_size_nm:g} nm"
            own = tuple(side * self.pool for side in image.shape)
            raise UserError(
                f"{micrograph.name} has {own[0]} x {own[1]} pixels{size}; the estimator takes "
                f"{self.height_px} x {self.width_px} at most.",
                "Cut out the part to estimate from.",
            )
        border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
        frame = np.full(self.shape, np.median(border), np.float32)
        height, width = (min(own, side) for own, side in zip(image.shape, self.shape, strict=True))
        frame[_middle(self.shape[0], height), _middle(self.shape[1], width)] = image[
            _middle(image.shape[0], height), _middle(image.shape[1], width)
        ]
        return frame

    def _level(self, image: Floats, micrograph: Micrograph) -> Bytes:
        """Scale grey values to levels."""
        low, high = self.low, self.high
        if self.grey == "per_image":
            low, high = float(image.min()), float(image.max())
        elif image.max() > low + BEYOND * (high - low) or image.min() < high - BEYOND * (high - low):
            raise UserError(
                f"{micrograph.name}: grey values from {image.min():.4g} to {image.max():.4g}; the estimator learned "
                f"from {low:.4g} to {high:.4g}.",
                "Images must be calibrated alike, for aggregates as shares of the electrons; or train with grey "
                "per_image.",
            )
        share = np.clip((image - low) / max(high - low, 1e-12), 0, 1)
        share = np.sqrt(share) if self.curve == "root" else share
        steps = self.levels - 1
        return np.asarray(np.rint(np.rint(share * steps) * (WHITE / steps)), np.uint8)


def resized(image: Floats, factor: float) -> Floats:
    """Image resized by a factor; where it shrinks, pixels are the mean of those below, as a coarser detector has it."""
    if factor >= 1:
        return rescale(image, factor)
    import torch
    from torch.nn import functional as F

    size = [max(1, round(length * factor)) for length in image.shape]
    small = F.interpolate(torch.from_numpy(np.ascontiguousarray(image, np.float32))[None, None], size, mode="area")
    return np.asarray(small[0, 0].numpy())


def pooled(image: Floats, pool: int) -> Floats:
    """Mean of blocks of `pool` by `pool` pixels; a rest at lower right is left out."""
    if pool == 1:
        return image
    height, width = (max(1, side // pool) for side in image.shape)
    blocks = image[: height * pool, : width * pool]
    blocks = blocks.reshape(height, blocks.shape[0] // height, width, blocks.shape[1] // width)
    return np.asarray(blocks.mean((1, 3)), np.float32)


def _spread(samples: "Sequence[Sample]") -> "list[Sample]":
    """Choose some of many, evenly spread."""
    return [samples[int(i)] for i in np.linspace(0, len(samples) - 1, READ_FOR_RANGE)]


def _middle(outer: int, inner: int) -> slice:
    start = (outer - inner) // 2
    return slice(start, start + inner)
