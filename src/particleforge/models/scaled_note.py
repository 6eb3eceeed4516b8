"""What a detector with a working scale stores of how it is used."""

from typing import Annotated, Any, TypeAlias

from pydantic import Field, field_validator

from particleforge.params import Params

Percentile: TypeAlias = Annotated[float, Field(ge=0, le=100)]
Scale: TypeAlias = Annotated[float, Field(ge=1e-4, le=100)]


class ScaledNote(Params):
    """What a detector with a working scale stores of how it is used; each kind adds its own."""

    percentiles: tuple[Percentile, Percentile] = Field(
        (1.0, 99.8), description="Grey percentiles that are mapped to 0 and 1."
    )
    working_scale: Scale = Field(1.0, description="Factor by which images are resized for the network.")
    pixel_size_nm: float | None = Field(
        None, gt=0, le=1e9, description="Pixel size for which the working scale holds; empty: it holds for all images."
    )
    search_scales: tuple[Scale, ...] = Field(
        (), max_length=100, description="Scales to try on images of unknown magnification."
    )
    target_px: float = Field(24.0, gt=0, le=10_000, description="Particle diameter at working scale.")
    provenance: dict[str, Any] = Field(
        default_factory=dict, description="Plain data: what the model was trained on and how."
    )

    @field_validator("percentiles")
    @classmethod
    def _ascending(cls, percentiles: tuple[float, float]) -> tuple[float, float]:
        if not percentiles[0] < percentiles[1]:
            raise ValueError("the first must be below the second")
        return percentiles
