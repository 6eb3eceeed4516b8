"""Heights."""

from typing import Literal

import numpy as np

from particleforge.recipes.render.engine.view import View
from particleforge.recipes.render.looks.look import Floats, Look
from particleforge.recipes.render.scene import Scene


class Depth(Look):
    """Points close to the viewer are bright."""

    kind: Literal["depth"] = "depth"

    def image(self, scene: Scene, view: View, rng: np.random.Generator) -> Floats:
        """Return heights; empty pixels get that of the lowest visible point."""
        seen = np.isfinite(view.depth)
        return np.where(seen, view.depth, view.depth[seen].min() if seen.any() else 0).astype(np.float32)
