"""Options of detectors that work at a scale of their own."""

from typing import ClassVar, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from particleforge.errors import UserError
from particleforge.lengths_px import Size, size_px
from particleforge.micrograph import Scaled
from particleforge.models.device import Device
from particleforge.params import Params

Engine: TypeAlias = Literal["auto", "torch"]
"""Library in which a network runs on a CPU; auto: onnxruntime if it is installed."""
TILE_PX = 2112
"""Images of 2048 px with their margin are one tile; a tile needs up to 2 GB of memory."""
MAX_ENLARGEMENT = 4.0
"""Further enlargement adds no detail, and the time grows with its square."""
LEAST_PX = 2.0
"""Particles of a smaller diameter cannot be distinguished from noise."""


class ScaledOptions(Params):
    """How a detector that resizes images is applied to them."""

    front: ClassVar[tuple[str, ...]] = ("diameter",)

    diameter: Size | None = Field(
        None,
        title="Typical diameter",
        description="Typical diameter of the particles where it is roughly known, for example '20 nm' or '35 px'; "
        "images are resized to suit it. Not together with scale. Empty: see scale.",
    )
    tile_px: int = Field(
        TILE_PX, ge=128, le=16384, description="Largest side of the tiles given to the network; smaller: less memory."
    )
    scale: float | None = Field(
        None,
        gt=0,
        le=100,
        title="Resize by",
        description="Factor by which images are resized for the network; empty: from the diameter if it is given, else "
        "from the pixel size, or the most plausible one for each image.",
    )
    device: Device = Field(
        "auto", description="Where the network runs: auto (a graphics card if there is one), cpu, cuda or mps."
    )

    @model_validator(mode="after")
    def _one_scale(self) -> Self:
        if self.diameter is not None and self.scale is not None:
            raise ValueError(f"Diameter {self.diameter} and scale {self.scale:g} are both given; give only one of them")
        return self

    def scale_for(self, micrograph: Scaled, target_px: float | None) -> float | None:
        """Factor by which these options resize an image; None if they leave it to the model.

        Parameters
        ----------
        micrograph
            The image.
        target_px
            Diameter of the particles the network was trained on; None if unknown.

        Raises
        ------
        UserError
            If the diameter is in nm but the pixel size is unknown, if no particle in this image can have it, or if
            `target_px` is needed and unknown.
        """
        if self.diameter is None:
            return self.scale
        if target_px is None:
            raise UserError(
                f"A diameter of {self.diameter} does not help: this model does not record at which diameter it works.",
                "Give scale instead.",
            )
        diameter_px, longest_px = size_px(self.diameter, micrograph.square_pixel_size_nm), max(micrograph.shape)
        if not LEAST_PX <= diameter_px <= longest_px:
            raise UserError(
                f"A diameter of {self.diameter} is {diameter_px:.3g} px in {micrograph.name}; it must be from "
                f"{LEAST_PX:g} px to the longer side of the image, {longest_px} px.",
                "Check the diameter and the pixel size.",
            )
        return min(target_px / diameter_px, MAX_ENLARGEMENT)
