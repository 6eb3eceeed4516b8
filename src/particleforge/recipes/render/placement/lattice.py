"""Regular layers."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, Uniform, Within, number
from particleforge.recipes.render.placement.placement import Floats, Heights, Placement, does_not_fit, reach
from particleforge.recipes.render.scene import Body


class Lattice(Placement):
    """Particles on an island of a regular lattice around a random place, slightly displaced at random."""

    kind: Literal["lattice"] = "lattice"
    pattern: Literal["hexagonal", "square"] = Field("hexagonal", description="Type of lattice.")
    spacing: Annotated[Draw, PerImage(), Within(1, 20)] = Field(
        Uniform(low=1.0, high=1.1), description="Spacing relative to the width of the widest particle."
    )
    jitter: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        0.5, description="Random displacement, as a share of the free space between particles."
    )
    vacancies: Annotated[Draw, PerImage(), Within(0, 0.9)] = Field(
        Uniform(low=0, high=0.05), description="Share of empty sites."
    )

    def place(self, bodies: list[Body], ground: Floats, rng: np.random.Generator) -> list[Body]:
        """Fill the sites nearest to a random place."""
        if not bodies:
            return []
        width = 2 * max(reach(body) for body in bodies)
        pitch = width * number(self.spacing)
        places = self._sites(pitch, ground.shape, rng)
        places = places[rng.random(len(places)) >= number(self.vacancies)]
        if len(places) < len(bodies):
            raise does_not_fit(len(bodies), len(places), ground.shape)
        focus = rng.uniform(0, ground.shape)
        nearest = np.argsort(np.hypot(*(places - focus).T))[: len(bodies)]
        free = number(self.jitter) * (pitch - width) / 2
        angle, away = rng.uniform(0, 2 * np.pi, len(bodies)), free * np.sqrt(rng.random(len(bodies)))
        y, x = rng.permutation(places[nearest]).T
        heights = Heights(ground)
        spots = np.stack([x + away * np.cos(angle), y + away * np.sin(angle)], -1)
        return [heights.drop(body.moved((*spot, 0))) for body, spot in zip(bodies, spots, strict=True)]

    def _sites(self, pitch: float, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """(n, 2) sites (y, x) in the image."""
        steps = int(max(shape) / pitch) + 2
        a, b = np.mgrid[-steps : steps + 1, -steps : steps + 1].reshape(2, -1)
        y, x = (np.sqrt(0.75) * a, b + (a % 2) / 2) if self.pattern == "hexagonal" else (a, b)
        turn = rng.uniform(0, np.pi)
        middle = np.array(shape[:2]) / 2 + rng.uniform(-pitch, pitch, 2)
        sites = middle + pitch * np.stack(
            [y * np.cos(turn) + x * np.sin(turn), x * np.cos(turn) - y * np.sin(turn)], -1
        )
        return sites[((sites > 0) & (sites < shape[:2])).all(1)]
