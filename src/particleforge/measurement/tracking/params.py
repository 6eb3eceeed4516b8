"""How particles are followed."""

from typing import Literal

from pydantic import Field

from particleforge.lengths_px import Size
from particleforge.params import Params


class TrackParams(Params):
    """How particles are followed through the frames of movies."""

    frames: Literal["time", "depth", "images"] = Field(
        "time",
        description="What the frames are: the planes of stacks over time; those of stacks over depth, as ImageJ saves "
        "many movies; or all single images, in their order, as one movie.",
    )
    interval_s: float | None = Field(
        None,
        gt=0,
        title="Time between frames [s]",
        description="Time from one frame to the next, for all movies; empty: as their files state.",
    )
    drift: bool = Field(
        False,
        description="Whether the drift of the specimen is measured and subtracted: each frame is compared with an "
        "earlier one by the cross-correlation of their particles.",
    )
    cutoff: Size | None = Field(
        None,
        title="Longest step",
        description="Farthest that a particle may move between linked frames, for example '8 px' or '5 nm'; empty: "
        "half the distance between neighbours, at most two diameters.",
    )
    memory: int = Field(
        2,
        ge=0,
        le=1000,
        title="Longest gap [frames]",
        description="In how many frames in a row a particle may be missing.",
    )
    size_weight: float = Field(
        1.0,
        ge=0,
        description="How much a change of size counts against a link: at 1 a change by a factor of 2.7 counts as much "
        "as the longest step; at 0 only distances count.",
    )
    least_frames: int = Field(
        5,
        ge=3,
        title="Fewest frames of a rate",
        description="Particles that are seen whole in fewer frames have no growth rate.",
    )
