"""A trained detector of rods in a folder."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Self

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
from particleforge.models.rods.kind import NOTE
from particleforge.models.rods.network import RodsNet
from particleforge.models.rods.options import RodsOptions
from particleforge.models.rods.outlines import Rods
from particleforge.models.rods.predict import Floats, find_rods
from particleforge.models.roles import Detector
from particleforge.models.runner import Runner, fastest_runner
from particleforge.models.scaled_note import ScaledNote
from particleforge.models.scaled_options import Engine
from particleforge.models.scales import scales_for
from particleforge.models.stored import read_weights, write_stored
from particleforge.models.unet_config import UNetConfig
from particleforge.step import Step, part

LEAST_SEEN = 0.25
"""Share of a rod that must lie in the image."""
SMALLEST_PX = 48
"""Shorter side of an image below which a scale is not tried."""
SURE = 6
"""Power of the scores by which scales are compared."""
PARTNER_SHARE = 0.7
"""Share of the time that the partner takes."""


class Note(ScaledNote):
    """What a model stores besides its weights."""

    network: UNetConfig = Field(UNetConfig(), description="Architecture.")
    prob_thresh: float = Field(0.5, gt=0, lt=1, description="Smallest probability of a rod.")
    partner: str = Field(
        "",
        description="Name of the bundled detector that finds the scale, and particles that are not rods; empty: none.",
    )


@dataclass(frozen=True, eq=False)
class RodsModel(Detector[RodsOptions]):
    """A trained network and everything needed to use it.

    Parameters
    ----------
    net
        The network.
    note
        How it is used.
    """

    Options = RodsOptions

    net: RodsNet
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
        return cls(read_weights(lambda: RodsNet(note.network), folder / NOTE), note)

    def save(self, folder: Path) -> None:
        """Write the model to a folder."""
        write_stored(self.net, self.note, folder / NOTE)

    @property
    def provenance(self) -> dict[str, Any]:  # type: ignore[override]
        """Plain data: what it was trained on and how."""
        return self.note.provenance

    @property
    def body(self) -> RodsNet:
        """The network; see `Detector`."""
        return self.net

    def headline(self) -> dict[str, Any]:
        """Probability threshold, factor to the scale it was trained at, and what a person should know."""
        remark = {"remark": self.provenance["remark"]} if "remark" in self.provenance else {}
        return {"prob_thresh": self.note.prob_thresh, "working_scale": self.note.working_scale} | remark

    def native_options(self) -> RodsOptions:
        """Options for images at the scale it was trained on."""
        return RodsOptions(scale=self.note.working_scale)

    def steps(self, micrograph: Micrograph, options: RodsOptions = RodsOptions()) -> Step[Detections]:
        """Find all rods in a micrograph, and other particles where the model has a partner.

        Raises
        ------
        UserError
            If the image is a stack or contains pixels that are not finite.
        """
        note = self.note
        image = normalize(micrograph.grey, *note.percentiles, tails=True)
        runner = self._prepared(torch_device(options.device), options.engine)
        find = partial(self._at_scale, runner, image, options.prob_thresh or note.prob_thresh, options.tile_px)
        scale = options.scale_for(micrograph, note.target_px)
        if not note.partner or (options.rods_only and scale is not None):
            known = scales_for(micrograph, note.working_scale, note.pixel_size_nm, note.search_scales)
            return (yield from _most_plausible(find, image.shape, known if scale is None else (scale,)))
        partner = open_model(note.partner, "detector")
        given = options.model_dump(exclude_unset=True, include={"diameter", "scale", "tile_px", "device"})
        others = yield from part(partner.steps(micrograph, partner.Options.parse(given)), 0, PARTNER_SHARE)
        if scale is None:
            scale = float(others.found.get("working_scale", note.working_scale))
        rods = yield from part(find(scale), PARTNER_SHARE, 1)
        return rods if options.rods_only else combine(others, rods)

    def _at_scale(
        self, runner: Runner, image: Floats, threshold: float, tile_px: int, scale: float
    ) -> Step[Detections]:
        """Find rods in a normalised image at one scale."""
        decoded = yield from find_rods(runner, rescale(image, scale), threshold, tile_px)
        return detections(decoded, (image.shape[0], image.shape[1]), scale)

    def _prepared(self, device: torch.device, engine: Engine) -> Runner:
        """Return the network prepared for prediction, which takes place once per device and engine."""
        if (device, engine) not in self._runners:
            self._runners[device, engine] = fastest_runner(self.net, device, engine)
        return self._runners[device, engine]

    @cached_property
    def _runners(self) -> dict[tuple[torch.device, Engine], Runner]:
        return {}


def _most_plausible(
    find: Callable[[float], Step[Detections]], shape: tuple[int, ...], scales: Sequence[float]
) -> Step[Detections]:
    """Find rods at several scales, and keep the most plausible result."""
    tried = [scale for scale in scales if min(shape) * scale >= SMALLEST_PX] or [max(scales)]
    results: list[Detections] = []
    for done, scale in enumerate(tried):
        results.append((yield from part(find(scale), done / len(tried), (done + 1) / len(tried))))
    return max(results, key=_plausibility) if len(results) > 1 else results[0]


def _plausibility(found: Detections) -> float:
    """High if all rods are sure, and cover much.

    At a scale that is too small crossing rods become one thick rod of a lower score; at one that is too large they
    break.
    """
    if not len(found):
        return 0.0
    return float((found.scores**SURE).mean()) * math.sqrt(np.count_nonzero(found.labels) / max(1, found.labels.size))


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
