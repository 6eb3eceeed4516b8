"""The interface of clutter."""

from abc import abstractmethod
from typing import Annotated, ClassVar, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import Field

from particleforge.draws import Draw, PerImage, Within, number
from particleforge.params import Params
from particleforge.recipes.noise import smooth_noise
from particleforge.registry import Kinds

Floats = npt.NDArray[np.float32]
Shape = tuple[int, int]
OPPOSITE = 0.3
"""Share of images in which clutter is dark where particles are bright, or the other way round."""
PATCHY = 0.6
"""Share of images in which patchy clutter leaves parts of the image clean."""


class Reference(NamedTuple):
    """The particles of an image, to which clutter is compared.

    Parameters
    ----------
    contrast
        Their grey value minus that of the background, both between 0 and 1.
    diameter_px
        Their median equivalent circular diameter.
    """

    contrast: float
    diameter_px: float


class Clutter(Params):
    """Structures of one kind that are not particles; their sizes and grey values are compared with the particles."""

    patchy: ClassVar[bool] = False
    """Whether it may be absent from parts of the image."""
    in_front: ClassVar[bool] = False
    """Whether it changes the grey values of the particles, too."""

    strength: Annotated[Draw, PerImage(), Within(0, 5)] = Field(
        0.3, description="Grey value relative to the contrast of the particles; 0: none."
    )

    @abstractmethod
    def pattern(self, shape: Shape, diameter_px: float, rng: np.random.Generator) -> Floats:
        """(Y, X) relative grey values, about 1 where it is strongest, 0 = clean."""

    def apply(self, image: Floats, particles: Reference, rng: np.random.Generator) -> Floats:
        """Return the (Y, X) image with the clutter added.

        Parameters
        ----------
        image
            Relative grey values, 0 = black and 1 = white.
        particles
            What its size and strength refer to.
        rng
            Chooses shapes, places and sign.
        """
        if not (strength := number(self.strength)):
            return image
        sign = -1 if rng.random() < OPPOSITE else 1
        shape = (len(image), len(image[0]))
        pattern = self.pattern(shape, max(particles.diameter_px, 2.0), rng)
        if self.patchy and rng.random() < PATCHY:
            pattern = pattern * _envelope(shape, rng)
        return np.asarray(image + np.float32(sign * strength * particles.contrast) * pattern, np.float32)


AnyClutter: TypeAlias = Annotated[Clutter, Kinds(Clutter, role="kind of clutter")]


def _envelope(shape: Shape, rng: np.random.Generator) -> Floats:
    """(Y, X) smooth shares between 0 and 1 with wide regions of each."""
    width = rng.uniform(0.4, 1.5) * min(shape)
    noise = smooth_noise(shape, width, rng)
    return np.clip(np.float32(0.5 + rng.normal(0, 0.3)) + np.float32(1.5) * noise, 0, 1)


def above(noise: Floats, level: float, edge_px: float) -> Floats:
    """(Y, X) 1 where a smooth surface is above a level, 0 below, with an edge about `edge_px` wide."""
    steep = np.float32(np.hypot(*np.gradient(noise)).mean() + 1e-6)
    return np.clip(np.float32(0.5) + (noise - np.float32(level)) / (steep * np.float32(edge_px)), 0, 1)


def away(noise: Floats, level: float) -> Floats:
    """(Y, X) approximate distance in px from the line where a smooth surface has a level, positive above it."""
    steep = np.hypot(*np.gradient(noise))
    distance: Floats = (noise - np.float32(level)) / np.maximum(steep, np.float32(0.3 * steep.mean() + 1e-6))
    return distance
