"""A Mask R-CNN model in a folder: its card, a note and the weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from pydantic import Field

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph, Scaled
from particleforge.models.detections import Detections, Masks
from particleforge.models.device import torch_device
from particleforge.models.maskrcnn.config import MaskRCNNConfig
from particleforge.models.maskrcnn.kind import NOTE
from particleforge.models.maskrcnn.network import MaskRCNNNet
from particleforge.models.maskrcnn.options import MaskRCNNOptions
from particleforge.models.maskrcnn.predict import LEAST_TILE_PX, Limits, Objects, object_steps
from particleforge.models.maskrcnn.scale_search import best_scale
from particleforge.models.maskrcnn.tiled import TiledMaskRCNN
from particleforge.models.normalize import GreyRange, Percentiles, normalize, rescale
from particleforge.models.roles import Detector
from particleforge.models.scaled_note import ScaledNote
from particleforge.models.scales import MIDDLE_PX, middle, scales_for
from particleforge.models.stored import read_weights, write_stored
from particleforge.models.tiled import Picture
from particleforge.models.unet import UNet
from particleforge.step import Step, part

SEARCHING = 0.5
"""Share of the progress that the search for the scale is."""


class Note(ScaledNote):
    """What a model stores besides its weights."""

    network: MaskRCNNConfig = Field(MaskRCNNConfig(), description="Architecture.")
    least_score: float = Field(0.5, gt=0, lt=1, description="Smallest score of a particle.")
    reach_px: float = Field(64.0, gt=0, le=10_000, description="Side of the largest boxes at working scale.")
    whole: bool = Field(False, description="Whether it was trained on whole particles, their hidden parts included.")


@dataclass(frozen=True, eq=False)
class MaskRCNNModel(Detector[MaskRCNNOptions]):
    """A trained network and everything needed to use it.

    Parameters
    ----------
    net
        The network.
    note
        How it is used.
    """

    Options = MaskRCNNOptions

    net: MaskRCNNNet
    note: Note

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Load a model folder.

        Raises
        ------
        UserError
            If a file is missing or broken.
        """
        note = Note.from_yaml(folder / NOTE)
        return cls(read_weights(lambda: MaskRCNNNet(note.network), folder / NOTE), note)

    def save(self, folder: Path) -> None:
        """Write the model to a folder."""
        write_stored(self.net, self.note, folder / NOTE)

    @property
    def provenance(self) -> dict[str, Any]:  # type: ignore[override]
        """Plain data: what it was trained on and how."""
        return self.note.provenance

    @property
    def body(self) -> UNet | None:
        """The U-Net if it is the backbone; see `Detector`."""
        return self.net.unet

    def steps(self, micrograph: Micrograph, options: MaskRCNNOptions = MaskRCNNOptions()) -> Step[Detections]:
        """Find all particles in a single image; of several scales the most plausible is used.

        Raises
        ------
        UserError
            If the image is a stack or contains pixels that are not finite, or more particles lie in a small part of it
            than can be found.
        """
        net, limits = self._prepared(torch_device(options.device)), self._limits(options)
        image = normalize(micrograph.grey, *self.note.percentiles, tails=True)
        scales = self._scales(micrograph, options)
        scale, searched = scales[0], 0.0
        if len(scales) > 1:
            searched = SEARCHING
            scale = yield from part(best_scale(net, image, scales, limits), 0, searched)
        shape = (image.shape[0], image.shape[1])
        found = yield from part(object_steps(net, rescale(image, scale), shape, limits), searched, 1)
        return self._detections(micrograph.name, limits.most, shape, scale, found)

    def settle(
        self, picture: Picture, percentiles: Percentiles, options: MaskRCNNOptions = MaskRCNNOptions()
    ) -> Step[dict[str, Any]]:
        """Settle grey range and scale; a scale that is not known is searched in the middle of the picture."""
        grey, scales = GreyRange.of(percentiles, *self.note.percentiles, tails=True), self._scales(picture, options)
        scale = scales[0]
        if len(scales) > 1:
            net, shown = self._prepared(torch_device(options.device)), picture.window(middle(picture.shape, MIDDLE_PX))
            scale = yield from best_scale(net, grey(shown.grey), scales, self._limits(options))
        return {"grey": list(grey), "scale": scale, "found": {"working_scale": scale, "certainty": None}}

    def tiled(
        self, picture: Picture, settled: Mapping[str, Any], options: MaskRCNNOptions = MaskRCNNOptions()
    ) -> TiledMaskRCNN:
        """Prepare to search a picture window by window; see `Detector`."""
        net, limits, scale = self._prepared(torch_device(options.device)), self._limits(options), settled["scale"]
        describe = partial(self._detections, picture.name, limits.most, picture.shape, scale)
        return TiledMaskRCNN(net, describe, picture, limits, GreyRange(*settled["grey"]), scale, settled["found"])

    def _limits(self, options: MaskRCNNOptions) -> Limits:
        least = self.note.least_score if options.least_score is None else options.least_score
        return Limits(least, options.overlap, options.most, options.tile_px, self.note.reach_px)

    def _scales(self, micrograph: Scaled, options: MaskRCNNOptions) -> tuple[float, ...]:
        """Scales to try; one if it is known."""
        note, scale = self.note, options.scale_for(micrograph, self.note.target_px)
        if scale is not None:
            return (scale,)
        return scales_for(micrograph, note.working_scale, note.pixel_size_nm, note.search_scales)

    def _detections(self, name: str, most: int, shape: tuple[int, int], scale: float, found: Objects) -> Detections:
        """Describe what was found in an image, or refuse it if some particles would be missing."""
        if found.crowded:
            raise UserError(
                f"{name}: more than {most} particles were found in {LEAST_TILE_PX} px at a scale of "
                f"{scale:.3g}, so some would be missing.",
                "Raise most or least_score, or give the diameter of the particles if the scale is wrong.",
            )
        names = self.note.network.classes
        return Detections(
            shape,
            np.array([mask.middle for mask in found.masks], float).reshape(-1, 2),
            found.scores,
            Masks(found.masks, self.note.whole),
            classes=tuple(names[number] for number in found.classes) if names else None,
            found={"working_scale": scale, "certainty": None},
        )

    def _prepared(self, device: torch.device) -> MaskRCNNNet:
        """Return the network prepared for prediction, which takes place once per device."""
        if device not in self._nets:
            self._nets[device] = self.net.prepared().to(device)
        return self._nets[device]

    @cached_property
    def _nets(self) -> dict[torch.device, MaskRCNNNet]:
        return {}

    def headline(self) -> dict[str, Any]:
        """Smallest score, factor to the scale it was trained at, and what a person should know."""
        remark = {"remark": self.provenance["remark"]} if "remark" in self.provenance else {}
        return {"least_score": self.note.least_score, "working_scale": self.note.working_scale} | remark

    def native_options(self) -> MaskRCNNOptions:
        """Options for images at the scale it was trained on."""
        return MaskRCNNOptions(scale=self.note.working_scale)
