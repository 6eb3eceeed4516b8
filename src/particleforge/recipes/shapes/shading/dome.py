"""Grey values that follow the thickness."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, Uniform, Within, draw_many
from particleforge.recipes.shapes.shading.shading import Floats, Shading, depths


class Dome(Shading):
    """Contrast rises towards the centre like the thickness of a sphere, as in transmission."""

    kind: Literal["dome"] = "dome"
    edge: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        Uniform(low=0.1, high=0.7), description="Contrast at the outline relative to that in the centre."
    )

    def profiles(self, rng: np.random.Generator, count: int) -> Floats:
        """Return a semicircle on a base."""
        edge = draw_many(self.edge, rng, count)[:, None]
        return np.asarray(edge + (1 - edge) * np.sqrt(1 - (1 - depths()) ** 2), float)
