"""A trained detector of rods in a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Self, TypeAlias

import numpy as np
import torch
from pydantic import Field

from particleforge.micrograph import Micrograph
from particleforge.models.detections import Detections
from particleforge.models.device import torch_device
from particleforge.models.normalize import normalize, rescale
from particleforge.models.opening import open_model
from particleforge.models.rods.combine import combine
from particleforge.models.rods.decode import Decoded
from particleforge.models.rods.network import RodsNet
from particleforge.models.rods.options import RodsOptions
from particleforge.models.rods.outlines import Rods
from particleforge.models.rods.predict import Floats, find_rods
from particleforge.models.roles import Detector
from particleforge.models.unet_config import UNetConfig
from particleforge.models.weights import broken_weights, checked_weights, of_bearable_size
from particleforge.params import Params
from particleforge.step import Step, part
from particleforge.store.files import atomic_write

Scale: TypeAlias = Annotated[float, Field(ge=1e-4, le=100)]
NOTE, WEIGHTS = "rods.yaml", "weights.npz"
LEAST_SEEN = 0.02
"""Share of a rod that must lie in the image."""
SMALLEST_PX = 48
"""Shorter side of an image below which a scale is not tried."""
PARTNER_SHARE = 0.7
"""Share of the time that the partner takes."""


class _Note(Params):
    """What a model stores next to its weights."""

    network: UNetConfig = UNetConfig()
    percentiles: tuple[float, float] = (1.0, 99.8)
    prob_thresh: float = Field(0.5, gt=0, lt=1)
    working_scale: Scale = 1.0
    pixel_size_nm: float | None = Field(None, gt=0, le=1e9)
    search_scales: tuple[Scale, ...] = Field((), max_length=100)
    target_px: float = Field(24.0, gt=0, le=10_000)
    partner: str = ""
    provenance: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class RodsModel(Detector[RodsOptions]):
    """A trained network and everything needed to use it.

    Parameters
    ----------
    net
        The network.
    percentiles
        Grey percentiles that are mapped to 0 and 1.
    prob_thresh
        Least probability of a rod.
    working_scale
        Factor by which images are resized for the network.
    pixel_size_nm
        Pixel size of the images for which `working_scale` holds; None: it holds for all images.
    search_scales
        Scales to try on images of unknown magnification where there is no partner.
    target_px
        Equal-area diameter at working scale.
    partner
        Name of the bundled detector that finds the scale and the particles that are not rods; empty: none.
    provenance
        Plain data: what it was trained on and how.
    """

    Options = RodsOptions

    net: RodsNet
    percentiles: tuple[float, float] = (1.0, 99.8)
    prob_thresh: float = 0.5
    working_scale: float = 1.0
    pixel_size_nm: float | None = None
    search_scales: tuple[float, ...] = ()
    target_px: float = 24.0
    partner: str = ""
    provenance: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> Self:
        """Load a model folder.

        Raises
        ------
        UserError
            If files are missing or broken.
        """
        note = _Note.from_yaml(folder / NOTE)
        net = of_bearable_size(lambda: RodsNet(note.network), folder / NOTE)
        path = folder / WEIGHTS
        with broken_weights(path), path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            state = {
                name: torch.from_numpy(np.array(checked_weights(stored[name], tuple(tensor.shape), f"{path}, {name}")))
                for name, tensor in net.state_dict().items()
            }
        net.load_state_dict(state)
        known = {name: getattr(note, name) for name in _Note.model_fields if name != "network"}
        return cls(net.to(device).eval(), **known)

    def save(self, folder: Path) -> None:
        """Write the model to a folder, its weights in 16 bits."""
        folder.mkdir(parents=True, exist_ok=True)
        known = {name: getattr(self, name) for name in _Note.model_fields if name != "network"}
        with atomic_write(folder / NOTE) as path:
            path.write_text(_Note.parse(known | {"network": self.net.config}).to_yaml(), encoding="utf-8")
        state = {name: tensor.cpu().numpy() for name, tensor in self.net.state_dict().items()}
        halved = {name: one.astype(np.float16) if one.dtype == np.float32 else one for name, one in state.items()}
        with atomic_write(folder / WEIGHTS) as path, path.open("wb") as file:
            np.savez_compressed(file, **halved)

    @property
    def body(self) -> RodsNet:
        """The network; see `Detector`."""
        return self.net

    def headline(self) -> dict[str, Any]:
        """Probability threshold, factor to the scale it was trained at, and what a person should know."""
        remark = {"remark": self.provenance["remark"]} if "remark" in self.provenance else {}
        return {"prob_thresh": self.prob_thresh, "working_scale": self.working_scale} | remark

    def native_options(self) -> RodsOptions:
        """Options for images at the scale it was trained on."""
        return RodsOptions(scale=self.working_scale)

    def scales_for(self, micrograph: Micrograph) -> tuple[float, ...]:
        """Factors by which to resize an image; several if its magnification is not known.

        If the pixel sizes of both model and image are known, particles keep their true size.
        """
        own = micrograph.square_pixel_size_nm
        if own is not None and self.pixel_size_nm is not None:
            return (self.working_scale * own / self.pixel_size_nm,)
        return self.search_scales or (self.working_scale,)

    def steps(self, micrograph: Micrograph, options: RodsOptions = RodsOptions()) -> Step[Detections]:
        """Find all rods in a micrograph, and other particles where the model has a partner.

        Raises
        ------
        UserError
            If the image is a stack or contains pixels that are not finite.
        """
        image = normalize(micrograph.grey, *self.percentiles, tails=True)
        chosen = replace(self, net=self._on(torch_device(options.device)))
        chosen = replace(chosen, prob_thresh=options.prob_thresh or self.prob_thresh)
        scale = options.scale_for(micrograph, self.target_px)
        if not self.partner or (options.rods_only and scale is not None):
            scales = self.scales_for(micrograph) if scale is None else (scale,)
            return (yield from chosen._most_plausible(image, scales, options.tile_px))
        partner = open_model(self.partner, "detector")
        given = options.model_dump(exclude_unset=True, include={"diameter", "scale", "tile_px", "device"})
        others = yield from part(partner.steps(micrograph, partner.Options.parse(given)), 0, PARTNER_SHARE)
        if scale is None:
            scale = float(others.found.get("working_scale", self.working_scale))
        rods = yield from part(chosen._at_scale(image, scale, options.tile_px), PARTNER_SHARE, 1)
        return rods if options.rods_only else combine(others, rods)

    def _on(self, device: torch.device) -> RodsNet:
        return self.net.to(device)

    def _most_plausible(self, image: Floats, scales: Sequence[float], tile_px: int) -> Step[Detections]:
        """Find rods at several scales, and keep the one at which sure ones cover most."""
        tried = [scale for scale in scales if min(image.shape) * scale >= SMALLEST_PX] or [max(scales)]
        best: Detections | None = None
        best_rate = -1.0
        for done, scale in enumerate(tried):
            found = yield from part(self._at_scale(image, scale, tile_px), done / len(tried), (done + 1) / len(tried))
            rate = float((found.scores**2 * found.outlines.areas_px2).sum()) if isinstance(found.outlines, Rods) else 0
            if rate > best_rate:
                best, best_rate = found, rate
        if best is None:
            raise RuntimeError("at least one scale is tried")
        return best

    def _at_scale(self, image: Floats, scale: float, tile_px: int) -> Step[Detections]:
        """Find rods in a normalised image at one scale."""
        decoded = yield from find_rods(self.net, rescale(image, scale), self.prob_thresh, tile_px)
        return detections(decoded, (image.shape[0], image.shape[1]), scale)

    @cached_property
    def reach_px(self) -> int:
        """How far the network looks around a point, at working scale."""
        return max(self.net.config.halo_px)


def detections(decoded: Decoded, shape: tuple[int, int], scale: float) -> Detections:
    """Rods in pixels of the original image; those that lie outside it are left out.

    Parameters
    ----------
    decoded
        Rods in pixels of the resized image.
    shape
        (Y, X) of the original image.
    scale
        Factor by which it was resized.
    """
    arcs = decoded.rods.resized(1 / scale)
    corners = arcs.corners()
    limits = np.array(shape, float)
    seen = np.asarray(((corners > -0.5) & (corners < limits - 0.5)).all(-1))
    kept = np.flatnonzero(seen.any(1) & (seen.sum(1) > LEAST_SEEN * corners.shape[1]))
    scores = decoded.scores[kept]
    about = {"working_scale": scale, "certainty": None}
    return Detections(shape, arcs.middles[kept], scores, Rods(arcs.only(kept)), found=about)
