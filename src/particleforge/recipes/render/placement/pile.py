"""Heaps."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, Within, number
from particleforge.recipes.render.mesh import Floats as Points
from particleforge.recipes.render.placement.placement import Floats, Placement, reach
from particleforge.recipes.render.scene import Body

GRAVITY = 10.0
STEP_S = 0.01
AT_REST = 0.2
"""Speed in mean diameters per second below which a heap has settled."""
LONGEST_S = 12.0


class Pile(Placement):
    """Particles that fell into a box as wide as the image and came to rest, with masses from volume and density.

    MuJoCo (Todorov et al., IROS 2012) simulates them as rigid bodies; hollows in a particle count as filled.
    """

    kind: Literal["pile"] = "pile"
    friction: Annotated[Draw, PerImage(), Within(0, 5)] = Field(0.6, description="Coefficient of sliding friction.")
    box: Annotated[Draw, PerImage(), Within(0.1, 3)] = Field(
        1.1,
        description="Width of the box relative to that of the image; above 1: some particles lie outside the image.",
    )

    def place(self, bodies: list[Body], ground: Floats, rng: np.random.Generator) -> list[Body]:
        """Simulate the fall until all are at rest; lengths are in mean diameters meanwhile."""
        if not bodies:
            return []
        unit = float(np.mean([body.diameter_px for body in bodies]))
        height, width = ground.shape
        box = number(self.box) * np.array([width, height]) / unit
        turns, places = _settle([_Falling(body, unit) for body in bodies], box, number(self.friction), rng)
        middle = np.array([width / 2, height / 2, float(ground.max())])
        return [
            body.turned(turn).moved(place * unit + middle)
            for body, turn, place in zip(bodies, turns, places, strict=True)
        ]


class _Falling:
    """Return a body centred on its centre of mass, in other units of length."""

    def __init__(self, body: Body, unit: float) -> None:
        self.points = body.mesh.extremes / unit
        self.radius = reach(body) / unit
        self.round = body.mesh.ferets[0] < 1.01 * body.mesh.ferets[1]
        self.density = body.material.density_g_cm3


def _settle(
    falling: list[_Falling], box: Points, friction: float, rng: np.random.Generator
) -> tuple[list[Points], list[Points]]:
    """Rotations and positions of the bodies at rest, relative to the centre of the floor of the box."""
    import mujoco

    spec = mujoco.MjSpec()
    spec.option.timestep = STEP_S
    spec.option.gravity = [0, 0, -GRAVITY]
    surface = {"friction": [friction, 0.005, 0.0001], "size": [0, 0, 1]}
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, **surface)
    for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        spec.worldbody.add_geom(
            type=mujoco.mjtGeom.mjGEOM_PLANE, pos=[-x * box[0] / 2, -y * box[1] / 2, 0], zaxis=[x, y, 0], **surface
        )
    for i, (body, start) in enumerate(zip(falling, _starts(falling, box, rng), strict=True)):
        moving = spec.worldbody.add_body(pos=start)
        moving.add_freejoint()
        shared = {"density": body.density, "friction": surface["friction"]}
        if body.round:
            moving.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[body.radius, 0, 0], **shared)
        else:
            spec.add_mesh(name=f"{i}", uservert=body.points.ravel())
            moving.add_geom(type=mujoco.mjtGeom.mjGEOM_MESH, meshname=f"{i}", **shared)
    model = spec.compile()
    data = mujoco.MjData(model)
    quiet = 0
    while data.time < LONGEST_S and quiet < 3:  # a single time may be the turning point of a rocking body
        mujoco.mj_step(model, data, nstep=15)
        quiet = quiet + 1 if np.abs(data.qvel).max() < AT_REST else 0
    return [turn.reshape(3, 3).copy() for turn in data.xmat[1:]], [place.copy() for place in data.xpos[1:]]


def _starts(falling: list[_Falling], box: Points, rng: np.random.Generator) -> list[Points]:
    """Positions in layers above each other where no two bodies touch."""
    cell = 2.05 * max(body.radius for body in falling)
    columns = np.maximum((box / cell).astype(int), 1)
    per_layer = int(columns.prod())
    starts = []
    for layer in range(-(-len(falling) // per_layer)):
        cells = rng.permutation(per_layer)
        x, y = cells % columns[0], cells // columns[0]
        places = (np.stack([x, y], -1) + 0.5) / columns * box - box / 2
        starts += [np.array([*place, (layer + 0.6) * cell]) for place in places]
    return starts[: len(falling)]
