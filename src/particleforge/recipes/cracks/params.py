"""What describes the course of cracks."""

from typing import Annotated

from pydantic import Field

from particleforge.draws import Draw, LogUniform, PerImage, PerParticle, Uniform, Within
from particleforge.params import Params


class Course(Params):
    """How cracks run."""

    segments: Annotated[Draw, PerParticle(), Within(1, 10_000)] = Field(
        Uniform(low=3, high=12), description="Number of straight segments of a crack."
    )
    segment_px: Annotated[Draw, PerParticle(), Within(1, 10_000)] = Field(
        LogUniform(low=8, high=40), description="Length of a segment."
    )
    bend_deg: Annotated[Draw, PerParticle(), Within(-180, 180)] = Field(
        Uniform(low=0, high=40), description="Angle between two segments, to either side."
    )
    width_px: Annotated[Draw, PerParticle(), Within(0.3, 200)] = Field(
        LogUniform(low=0.8, high=5), description="Width of a crack in its middle, on average."
    )
    branches: Annotated[Draw, PerParticle(), Within(0, 100)] = Field(
        Uniform(low=0, high=2.49), description="Number of branches, rounded to an integer."
    )
    roughness: Annotated[Draw, PerImage(), Within(0, 0.5)] = Field(
        Uniform(low=0.03, high=0.15), description="How far midpoints lie off a segment, in its lengths."
    )
