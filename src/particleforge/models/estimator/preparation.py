"""Bring images to what estimators expect: one size, one pixel size, few grey levels."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

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
"""Pixels of images may be larger or smaller than those of the training images by this factor."""
BEYOND = 3.0
"""Grey values may exceed the range of the training images by this multiple of it."""
READ_FOR_RANGE = 256
"""Maximum number of images from which the grey range is taken."""
SAME_SIZE = 0.01
TRIMMED_PX = 2
"""Maximum number of rows and columns that are silently cut off on each side."""


class PrepareParams(Params):
    """How images are prepared for the networks."""

    pool: int = Field(2, ge=1, le=64, description="Side of the blocks of pixels that are averaged to one pixel.")
    grey: Literal["absolute", "per_image"] = Field(
        "absolute",
        description="Which grey values become black and white. absolute: the same in all images, which must be "
        "calibrated; per_image: the smallest and the largest of each image.",
    )
    curve: Literal["linear", "root"] = Field(
        "linear",
        description="root: the square root of the grey range, which brings out faint particles and makes shot noise "
        "the same everywhere.",
    )
    levels: int = Field(256, ge=2, le=256, description="Number of levels to which grey values are rounded.")


class Preparation(PrepareParams):
    """Prepares images with size, pixel size and grey range of the training samples."""

    height_px: int = Field(128, ge=1, le=8192, description="Height of images before pooling.")
    width_px: int = Field(128, ge=1, le=8192, description="Width of images before pooling.")
    pixel_size_nm: float | None = Field(None, gt=0, description="Side of a pixel before pooling; empty: not known.")
    low: float = Field(0.0, description="Grey value that becomes black, with absolute.")
    high: float = Field(1.0, description="Grey value that becomes white, with absolute.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"low {self.low:g} is not below high {self.high:g}")
        return self

    @classmethod
    def fit(cls, samples: "Sequence[Sample]", params: PrepareParams) -> Self:
        """Determine size, pixel size and grey range from samples.

        Raises
        ------
        UserError
            If there is no sample or pixel sizes differ.
        """
        if not len(samples):
            raise UserError("There is no sample to learn from.", "Draw some, for example 3000.")
        some = samples if len(samples) <= READ_FOR_RANGE else _spread(samples)
        seen = [sample.micrograph for sample in some]
        sizes = [one.square_pixel_size_nm for one in seen]
        known = [size for size in sizes if size is not None]
        if known and (len(known) < len(sizes) or max(known) > min(known) * (1 + SAME_SIZE)):
            other = "none" if len(known) < len(sizes) else f"{max(known):g} nm"
            raise UserError(
                f"Pixel sizes of the samples differ: {min(known):g} nm and {other}.",
                "Draw samples with a single pixel size; images with other pixel sizes are resized on estimation.",
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

        It is resized to the pixel size of the training images, and padded with its background if it is smaller.

        Raises
        ------
        UserError
            If its pixel size is not known but that of the training images is, or is too far from theirs; if the image
            is larger than theirs or its grey values are far outside their range.
        """
        image = pooled(resized(micrograph.grey, self._factor(micrograph)), self.pool)
        return self._level(self._framed(image, micrograph), micrograph)

    def _factor(self, micrograph: Micrograph) -> float:
        own = micrograph.square_pixel_size_nm
        if self.pixel_size_nm is None:
            return 1.0
        if own is None:
            raise UserError(
                f"{micrograph.name}: the pixel size is not known; the estimator was trained at "
                f"{self.pixel_size_nm:g} nm.",
                "Give it, for example --pixel-size '0.5 nm'.",
            )
        factor = own / self.pixel_size_nm
        if not 1 / MOST_RESIZED <= factor <= MOST_RESIZED:
            raise UserError(
                f"{micrograph.name}: the pixel size is {own:g} nm; the estimator was trained at "
                f"{self.pixel_size_nm:g} nm and accepts {self.pixel_size_nm / MOST_RESIZED:g} to "
                f"{self.pixel_size_nm * MOST_RESIZED:g} nm.",
                "Check the pixel size, or train an estimator for this magnification.",
            )
        return 1.0 if abs(factor - 1) < SAME_SIZE else factor

    def _framed(self, image: Floats, micrograph: Micrograph) -> Floats:
        """Place the image in the centre of a frame filled with the grey value of its border."""
        if any(own > side + 2 * TRIMMED_PX for own, side in zip(image.shape, self.shape, strict=True)):
            size = "" if self.pixel_size_nm is None else f" of {self.pixel_size_nm:g} nm"
            own = tuple(side * self.pool for side in image.shape)
            raise UserError(
                f"{micrograph.name} has {own[0]} x {own[1]} pixels{size}; the estimator accepts "
                f"at most {self.height_px} x {self.width_px}.",
                "Crop the image to the part of interest.",
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
                f"{micrograph.name}: grey values from {image.min():.4g} to {image.max():.4g}; the estimator was "
                f"trained on {low:.4g} to {high:.4g}.",
                "Images need the same calibration, for aggregates as fractions of the incident electrons; or train "
                "with grey per_image.",
            )
        share = np.clip((image - low) / max(high - low, 1e-12), 0, 1)
        share = np.sqrt(share) if self.curve == "root" else share
        steps = self.levels - 1
        return np.asarray(np.rint(np.rint(share * steps) * (WHITE / steps)), np.uint8)


def resized(image: Floats, factor: float) -> Floats:
    """Image resized by a factor; if it shrinks, by averaging pixels, as a coarser detector would."""
    if factor >= 1:
        return rescale(image, factor)
    import torch
    from torch.nn import functional as F

    size = [max(1, round(length * factor)) for length in image.shape]
    small = F.interpolate(torch.from_numpy(np.ascontiguousarray(image, np.float32))[None, None], size, mode="area")
    return np.asarray(small[0, 0].numpy())


def pooled(image: Floats, pool: int) -> Floats:
    """Mean of blocks of `pool` by `pool` pixels; a remainder at the bottom and right is left out."""
    if pool == 1:
        return image
    height, width = (max(1, side // pool) for side in image.shape)
    blocks = image[: height * pool, : width * pool]
    blocks = blocks.reshape(height, blocks.shape[0] // height, width, blocks.shape[1] // width)
    return np.asarray(blocks.mean((1, 3)), np.float32)


def _spread(samples: "Sequence[Sample]") -> "list[Sample]":
    """Choose samples, evenly spread."""
    return [samples[int(i)] for i in np.linspace(0, len(samples) - 1, READ_FOR_RANGE)]


def _middle(outer: int, inner: int) -> slice:
    start = (outer - inner) // 2
    return slice(start, start + inner)
