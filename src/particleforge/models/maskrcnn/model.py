"""A Mask R-CNN model in a folder: its card, a note and the weights."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from pydantic import Field

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.models.detections import Detections, Masks
from particleforge.models.device import torch_device
from particleforge.models.maskrcnn.config import MaskRCNNConfig
from particleforge.models.maskrcnn.kind import NOTE
from particleforge.models.maskrcnn.network import MaskRCNNNet
from particleforge.models.maskrcnn.options import MaskRCNNOptions
from particleforge.models.maskrcnn.predict import LEAST_TILE_PX, Limits, Objects, object_steps
from particleforge.models.maskrcnn.scale_search import best_scale
from particleforge.models.normalize import normalize, rescale
from particleforge.models.roles import Detector
from particleforge.models.scaled_note import ScaledNote
from particleforge.models.scales import scales_for
from particleforge.models.stored import read_weights, write_stored
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
        note, net = self.note, self._prepared(torch_device(options.device))
        least = note.least_score if options.least_score is None else options.least_score
        limits = Limits(least, options.overlap, options.most, options.tile_px, note.reach_px)
        image = normalize(micrograph.grey, *note.percentiles, tails=True)
        scale, searched = options.scale_for(micrograph, note.target_px), 0.0
        if scale is None:
            scales = scales_for(micrograph, note.working_scale, note.pixel_size_nm, note.search_scales)
            scale = scales[0]
            if len(scales) > 1:
                searched = SEARCHING
                scale = yield from part(best_scale(net, image, scales, limits), 0, searched)
        shape = (image.shape[0], image.shape[1])
        found = yield from part(object_steps(net, rescale(image, scale), shape, limits), searched, 1)
        if found.crowded:
            raise UserError(
                f"{micrograph.name}: more than {limits.most} particles were found in {LEAST_TILE_PX} px at a scale of "
                f"{scale:.3g}, so some would be missing.",
                "Raise most or least_score, or give the diameter of the particles if the scale is wrong.",
            )
        return self._detections(found, shape, scale)

    def _detections(self, found: Objects, shape: tuple[int, int], scale: float) -> Detections:
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
