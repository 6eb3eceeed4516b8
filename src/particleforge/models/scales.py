"""The scale at which a network works: images are resized so that particles have the size it was trained on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from particleforge.errors import UserError
from particleforge.micrograph import Scaled
from particleforge.models.scaled_options import MAX_ENLARGEMENT
from particleforge.models.sources import diameters_px
from particleforge.sample import Sample

SAME_SCALE = 1.5
"""Images whose median diameters differ by less than this factor are taken to have the same magnification."""
OTHER_SCALE = 4.0
"""Particles of a new image may be larger or smaller by this factor, in pixels, if its scale is not known."""
ANY_DIAMETER_PX = (6.0, 300.0)
"""Particle diameters searched for if nothing is known about an image."""
MIDDLE_PX = 4e6
"""Pixels in the middle of a large image in which its scale is searched."""
STEP = math.sqrt(2)
"""Ratio of neighbouring scales; a network is trained to tolerate about this factor."""


@dataclass(frozen=True)
class ScalePlan:
    """The factors that bring samples to working scale.

    Parameters
    ----------
    target_px
        Median particle diameter the network is trained for.
    medians_px
        Median particle diameter of each image the plan is based on.
    pixel_size_nm
        Common reference if every pixel size is known; particles then keep their true relative size.
    as_is
        Whether training images are used without resizing.
    """

    target_px: float
    medians_px: tuple[float, ...]
    pixel_size_nm: float | None = None
    as_is: bool = False

    @property
    def working_scale(self) -> float:
        """Factor for an image of typical magnification."""
        if self.as_is:
            return 1.0
        return self._factor(float(np.median(self.medians_px)))

    @property
    def candidates(self) -> tuple[float, ...]:
        """Scales to try on an image of unknown magnification."""
        if self.as_is:
            return candidate_scales(ANY_DIAMETER_PX, self.target_px, MAX_ENLARGEMENT)
        seen = min(self.medians_px) / OTHER_SCALE, max(self.medians_px) * OTHER_SCALE
        return candidate_scales(seen, self.target_px, MAX_ENLARGEMENT)

    def scale_of(self, sample: Sample) -> float:
        """Factor for one training sample."""
        if self.as_is:
            return 1.0
        own = sample.micrograph.square_pixel_size_nm
        if self.pixel_size_nm is not None and own is not None:
            return min(self.working_scale * own / self.pixel_size_nm, MAX_ENLARGEMENT)
        if self.pixel_size_nm is None and max(self.medians_px) < SAME_SCALE * min(self.medians_px):
            return self.working_scale
        found = diameters_px(sample)
        return self._factor(float(np.median(found))) if len(found) else self.working_scale

    def _factor(self, diameter_px: float) -> float:
        return min(self.target_px / max(diameter_px, 1e-6), MAX_ENLARGEMENT)


def plan_scales(samples: Sequence[Sample], target_px: float) -> ScalePlan:
    """Plan the working scale from annotated samples.

    Raises
    ------
    UserError
        If no particle is labelled.
    """
    found = [(sample, diameters) for sample in samples if len(diameters := diameters_px(sample))]
    if not found:
        raise UserError("No particle is labelled in the training images.", "Label at least a few particles.")
    sizes = [sample.micrograph.square_pixel_size_nm for sample, _ in found]
    known = [size for size in sizes if size is not None]
    if len(known) < len(sizes):
        return ScalePlan(target_px, tuple(float(np.median(diameters)) for _, diameters in found))
    reference = float(np.median(known))
    medians = tuple(float(np.median(d)) * size / reference for (_, d), size in zip(found, known, strict=True))
    return ScalePlan(target_px, medians, reference)


def candidate_scales(diameters_px: Sequence[float], target_px: float, largest: float) -> tuple[float, ...]:
    """Scales that bring particles between the smallest and largest given diameter to the target, and one step beyond.

    Parameters
    ----------
    diameters_px
        Median particle diameter of each training image.
    target_px
        Diameter the network was trained for.
    largest
        Upper limit of the scales.
    """
    low, high = target_px / max(diameters_px) / STEP, target_px / min(diameters_px) * STEP
    count = max(2, round(math.log(high / low) / math.log(STEP)) + 1)
    scales = np.geomspace(low, high, count)
    return tuple(float(scale) for scale in scales if scale <= largest) or (largest,)


def middle(shape: Sequence[int], pixels: float) -> tuple[slice, slice]:
    """Central part of an image with about the given number of pixels and the same aspect ratio."""
    share = min(1.0, math.sqrt(pixels / math.prod(shape)))
    lengths = [max(1, round(length * share)) for length in shape]
    top, left = (round((length - kept) / 2) for length, kept in zip(shape, lengths, strict=True))
    return slice(top, top + lengths[0]), slice(left, left + lengths[1])


def scales_for(
    micrograph: Scaled, working_scale: float, pixel_size_nm: float | None, candidates: Sequence[float]
) -> tuple[float, ...]:
    """Factors by which to resize an image for a model; several if its magnification is not known.

    If the pixel sizes of both model and image are known, particles keep their true size.

    Parameters
    ----------
    micrograph
        The image.
    working_scale, pixel_size_nm
        Scale of the model, and the pixel size for which it holds.
    candidates
        Scales to try where the magnification is not known; none: the working scale is taken.
    """
    own = micrograph.square_pixel_size_nm
    if own is not None and pixel_size_nm is not None:
        return (working_scale * own / pixel_size_nm,)
    return tuple(candidates) or (working_scale,)
