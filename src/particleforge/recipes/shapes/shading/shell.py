"""Core and shell."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, Uniform, Within, draw_many
from particleforge.recipes.shapes.shading.shading import Floats, Shading, depths


class Shell(Shading):
    """A core in a shell of different contrast; a core of contrast 0 makes a ring, like a hollow sphere."""

    kind: Literal["shell"] = "shell"
    thickness: Annotated[Draw, PerImage(), Within(0.02, 0.98)] = Field(
        Uniform(low=0.1, high=0.6), description="Depth of the shell."
    )
    shell: Annotated[Draw, PerImage(), Within(-1, 2)] = Field(
        Uniform(low=0.25, high=1), description="Contrast of the shell."
    )
    core: Annotated[Draw, PerImage(), Within(-1, 2)] = Field(
        Uniform(low=0, high=1), description="Contrast of the core."
    )
    softness: Annotated[Draw, PerImage(), Within(0.01, 1)] = Field(
        Uniform(low=0.02, high=0.3), description="Depth of the transition between shell and core."
    )

    def profiles(self, rng: np.random.Generator, count: int) -> Floats:
        """Return a smooth step at a depth drawn for each particle."""
        thickness, shell, core, softness = (
            draw_many(value, rng, count)[:, None] for value in (self.thickness, self.shell, self.core, self.softness)
        )
        own = thickness * rng.uniform(0.85, 1.15, (count, 1))
        inside = np.clip(0.5 + (depths() - own) / softness, 0, 1)
        return np.asarray(shell + (core - shell) * inside, float)
