"""The interface of placements."""

from abc import abstractmethod
from typing import Annotated, TypeAlias

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.params import Params
from particleforge.recipes.render.scene import Body, Silhouette
from particleforge.registry import Kinds

Floats = npt.NDArray[np.float32]


class Placement(Params):
    """An arrangement of particles."""

    @abstractmethod
    def place(self, bodies: list[Body], ground: Floats, rng: np.random.Generator) -> list[Body]:
        """Move bodies to their positions.

        Parameters
        ----------
        bodies
            Particles centred on the origin.
        ground
            (Y, X) height of the ground, in pixels.
        rng
            Chooses positions.

        Returns
        -------
        list of Body
            All given bodies, none inside another.

        Raises
        ------
        UserError
            If some do not find a place.
        """


AnyPlacement: TypeAlias = Annotated[Placement, Kinds(Placement)]


class Heights:
    """The bodies placed so far, seen from above."""

    def __init__(self, ground: Floats) -> None:
        self.top = ground.copy()

    def drop(self, body: Body) -> Body:
        """Lower a body above its place in the image until it touches something."""
        shape: tuple[int, int] = self.top.shape
        image, window = body.silhouette.overlap(shape)
        gap = body.silhouette.bottom[window] - self.top[image]
        lowest = float(gap.min()) if gap.size and np.isfinite(gap).any() else float(body.mesh.vertices[:, 2].min())
        placed = body.moved((0, 0, -lowest))
        self.top[image] = np.maximum(self.top[image], body.silhouette.top[window] - np.float32(lowest))
        return placed


def does_not_fit(wanted: int, fit: int, shape: tuple[int, ...], verb: str = "only {} did") -> UserError:
    """Return the error that reports how many particles fit."""
    return UserError(
        f"{wanted} particles do not fit into {shape[0]} x {shape[1]} px in this way: {verb.format(fit)}.",
        "Request fewer or smaller particles, a larger image, or another placement.",
    )


def reach(body: Body) -> float:
    """Largest distance from the origin of a body centred on it."""
    return float(np.linalg.norm(body.mesh.vertices, axis=1).max())


def largest_first(bodies: list[Body]) -> list[int]:
    """Return indices of the bodies in the order in which they pack best."""
    return sorted(range(len(bodies)), key=lambda i: -bodies[i].diameter_px)


def shift_of(silhouette: Silhouette, place: tuple[int, int]) -> tuple[int, int, int]:
    """Shift of a body that makes the window of its silhouette begin at a row and column."""
    return place[1] - silhouette.corner[1], place[0] - silhouette.corner[0], 0
