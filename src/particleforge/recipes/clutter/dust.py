"""Dust and crumbs."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, LogUniform, PerImage, Uniform, Within, number
from particleforge.recipes.clutter.clutter import Clutter, Floats, Shape

LARGEST = 0.45
"""Largest diameter in median diameters of the particles; what is larger could be one."""


class Dust(Clutter):
    """Crumbs of a few pixels in patches, as bright as the particles but far smaller."""

    kind: Literal["dust"] = "dust"
    strength: Annotated[Draw, PerImage(), Within(0, 5)] = Field(
        Uniform(low=0.2, high=1.1), description="Grey value relative to the contrast of the particles; 0: none."
    )
    count: Annotated[Draw, PerImage(), Within(0, 100_000)] = Field(
        LogUniform(low=5, high=120), description="Number of crumbs on 256 x 256 px."
    )
    size_px: Annotated[Draw, PerImage(), Within(1, 100)] = Field(
        Uniform(low=2.5, high=6), description="Diameter of a crumb."
    )
    patches: Annotated[Draw, PerImage(), Within(1, 100_000)] = Field(
        LogUniform(low=1, high=40), description="Number of places around which they lie."
    )

    def pattern(self, shape: Shape, diameter_px: float, rng: np.random.Generator) -> Floats:
        """Draw small ellipses around a few places."""
        out = np.zeros(shape, np.float32)
        count = max(1, round(number(self.count) * shape[0] * shape[1] / 65536))
        middles = rng.uniform(0, shape, (max(1, round(number(self.patches))), 2))
        spread = rng.uniform(0.05, 0.4) * max(shape)
        places = middles[rng.integers(len(middles), size=count)] + rng.normal(0, spread, (count, 2))
        typical = min(number(self.size_px), LARGEST * diameter_px)
        reach = int(2 * typical) + 2
        offsets = np.arange(-reach, reach + 1)
        for centre in places[((places >= 0) & (places < shape)).all(1)]:
            row, column = int(centre[0]), int(centre[1])
            y, x = (row + offsets - centre[0])[:, None], (column + offsets - centre[1])[None]
            angle, aspect = rng.uniform(0, np.pi), rng.uniform(1, 1.8)
            radius = typical / 2 * rng.uniform(0.7, 1.3)
            away = np.hypot((y * np.cos(angle) + x * np.sin(angle)) * aspect, y * np.sin(angle) - x * np.cos(angle))
            crumb = np.float32(rng.uniform(0.5, 1)) * np.clip(0.5 + radius - away, 0, 1).astype(np.float32)
            rows = slice(max(0, row - reach), row + reach + 1)
            columns = slice(max(0, column - reach), column + reach + 1)
            window = out[rows, columns]
            top, left = max(0, reach - row), max(0, reach - column)
            np.maximum(window, crumb[top : top + window.shape[0], left : left + window.shape[1]], out=window)
        return out
