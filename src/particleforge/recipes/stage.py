"""The interface of the stages that form an image."""

from abc import abstractmethod

import numpy as np
import numpy.typing as npt

from particleforge.params import Params

Floats = npt.NDArray[np.float32]


class Stage(Params):
    """One effect on an image; its strength 0 leaves the image as it is."""

    @abstractmethod
    def apply(self, image: Floats, rng: np.random.Generator) -> Floats:
        """Return the (Y, X) image of relative grey values, 0 = black and 1 = white, with the effect."""
