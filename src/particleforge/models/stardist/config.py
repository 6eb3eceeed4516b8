"""Architecture of a StarDist network, readable from and writable as an official config.json."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field

from particleforge.errors import UserError
from particleforge.models.unet_config import UNetConfig

_DERIVED = {"n_dim", "axes", "n_channel_out", "net_input_shape", "net_mask_shape"}
_MUST_BE = {
    "n_dim": (2,),
    "backbone": ("unet",),
    "n_channel_in": (1,),
    "n_classes": (None,),
    "unet_expansion": (2,),
    "axes": ("YX", "YXC"),
}


class StarDistConfig(UNetConfig):
    """Architecture of a StarDist 2D network; names and meaning are those of the official package (stardist 0.9)."""

    n_rays: int = Field(32, ge=3, le=512, description="Directions in which the distance to the outline is predicted.")
    other: dict[str, Any] = Field(
        default_factory=dict, description="Further keys of an official config.json, written back as they were."
    )

    @classmethod
    def from_official(cls, data: Mapping[str, Any]) -> Self:
        """Read the contents of an official config.json.

        Keys not about the network (for example train_epochs) are kept in `other`.

        Raises
        ------
        UserError
            If the network is not supported: 3D, several classes, another backbone, colour.
        """
        for name, allowed in _MUST_BE.items():
            if name in data and data[name] not in allowed:
                raise UserError(
                    f"The StarDist model has {name} = {data[name]!r}; here it must be {allowed[-1]!r}.",
                    "Use a 2D StarDist model for greyscale images with one class.",
                )
        known: dict[str, Any] = {"grid": (1, 1)}  # the official default, which old files do not name
        known |= {name: data[name] for name in cls.model_fields if name in data and name != "other"}
        other = {name: value for name, value in data.items() if name not in known and name not in _DERIVED}
        return cls.parse(known | {"other": other})

    def to_official(self) -> dict[str, Any]:
        """Contents of an official config.json."""
        own = self.model_dump(mode="json", exclude={"other"})
        derived = {"n_dim": 2, "axes": "YXC", "n_channel_out": 1 + self.n_rays}
        shapes = {"net_input_shape": [None, None, 1], "net_mask_shape": [None, None, 1]}
        fixed = {"n_classes": None, "backbone": "unet", "unet_dropout": 0.0}
        return fixed | self.other | derived | shapes | own


OFFICIAL = StarDistConfig()
"""The official package's network on a grid of 2."""

SMALL = StarDistConfig(unet_n_filter_base=16, net_conv_after_unet=64, unet_batch_norm=True)
"""Half the features and batch normalisation: learns several times faster on a CPU, and stays an official model."""
