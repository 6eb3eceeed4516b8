"""Every particle in one grey value."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerParticle, Uniform, Within, draw_many
from particleforge.recipes.render.engine.view import View
from particleforge.recipes.render.looks.look import Floats, Look
from particleforge.recipes.render.scene import Scene


class Categorical(Look):
    """Every particle has one grey value."""

    kind: Literal["categorical"] = "categorical"
    grey: Annotated[Draw, PerParticle(), Within(0, 1)] = Field(
        Uniform(low=0.4, high=1), description="Grey value of each particle; the background is 0."
    )

    def image(self, scene: Scene, view: View, rng: np.random.Generator) -> Floats:
        """Return grey values by label."""
        greys = np.concatenate([[0.0], draw_many(self.grey, rng, len(scene.bodies))])
        return np.asarray(greys[view.labels], np.float32)
