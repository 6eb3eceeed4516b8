"""A StarDist model in a folder: an official one, or one of ours, which is an official one with an additional file."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.models.device import torch_device
from particleforge.models.normalize import GreyRange, Percentiles, normalize, rescale
from particleforge.models.roles import Detector
from particleforge.models.runner import Runner, fastest_runner
from particleforge.models.scaled_note import ScaledNote
from particleforge.models.scaled_options import TILE_PX, Engine
from particleforge.models.scales import MIDDLE_PX, middle, scales_for
from particleforge.models.stardist.at_scale import AtScale
from particleforge.models.stardist.distances import Distances
from particleforge.models.stardist.expected import Expected
from particleforge.models.stardist.instances import Instances, Thresholds, instances, peaks
from particleforge.models.stardist.kind import NOTE
from particleforge.models.stardist.network import StarDistNet
from particleforge.models.stardist.official import read_official, write_official
from particleforge.models.stardist.options import StarDistOptions
from particleforge.models.stardist.overlaps import Bounds
from particleforge.models.stardist.predict import map_steps
from particleforge.models.stardist.scale_rules import Chosen
from particleforge.models.stardist.scale_search import search_scales
from particleforge.models.stardist.tiled import TiledStarDist
from particleforge.models.tiled import Picture
from particleforge.step import Step, run
from particleforge.store.files import atomic_write

Floats = npt.NDArray[np.float32]


class _Note(ScaledNote):
    """What a model of ours stores beyond an official one."""

    margin: int = Field(4, ge=0, le=256, description="Grid cells by which the image is extended on every side.")
    foot_px: float = Field(0.0, ge=0, le=10, description="See `StarDistModel`.")
    expected: Expected | None = Field(None, description="See `StarDistModel`.")


@dataclass(frozen=True, eq=False)
class StarDistModel(Detector[StarDistOptions]):
    """A trained network and everything needed to use it.

    Parameters
    ----------
    net
        The network.
    prob_thresh, nms_thresh
        See `instances`.
    percentiles
        Grey percentiles that are mapped to 0 and 1.
    working_scale
        Factor by which images are resized for the network.
    pixel_size_nm
        Pixel size of the images for which `working_scale` holds; None: it holds for all images.
    search_scales
        Scales to try on images of unknown magnification; see `search_scales`.
    target_px
        Particle diameter at working scale.
    margin
        Grid cells by which the image is extended on every side; see `instances`.
    foot_px
        Distance from the middle of an edge, where this network draws outlines, to its outer foot, in pixels at working
        scale; 0 if it draws them as its users do.
    expected
        What is expected of its detections where several scales are tried; models trained from another one take over
        that of their start. None if it was not measured.
    provenance
        Plain data: what it was trained on and how.
    tile_px
        Largest side of a tile given to the network; affects the memory needed, not the result, and is not saved.
    official
        Whether to find exactly what the official package finds; not saved.
    runner
        The network prepared for prediction; None: `net` as it is. Not saved.
    """

    Options = StarDistOptions

    net: StarDistNet
    prob_thresh: float = 0.5
    nms_thresh: float = 0.4
    percentiles: tuple[float, float] = (1.0, 99.8)
    working_scale: float = 1.0
    pixel_size_nm: float | None = None
    search_scales: tuple[float, ...] = ()
    target_px: float = 24.0
    margin: int = 4
    foot_px: float = 0.0
    expected: Expected | None = None
    provenance: dict[str, Any] = field(default_factory=dict)
    tile_px: int = TILE_PX
    official: bool = False
    runner: Runner | None = None

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> Self:
        """Load a model folder, ours or an official one.

        An official folder is used as in the default settings of the official napari plugin: percentiles 1 and
        99.8, no resizing, no margin, thresholds from the file.

        Raises
        ------
        UserError
            If files are missing, broken or not supported.
        """
        if not folder.is_dir():
            raise UserError(f"{folder} is not a folder.", "Give the folder of a trained model.")
        net, thresholds = read_official(folder)
        official = not (folder / NOTE).is_file()
        note = _Note(margin=0) if official else _Note.from_yaml(folder / NOTE)
        known = {name: getattr(note, name) for name in _Note.model_fields}
        return cls(net.to(device), thresholds.prob, thresholds.nms, **known, official=official)

    def save(self, folder: Path) -> None:
        """Write the model to a folder that the official package can also load."""
        note = _Note.parse({name: getattr(self, name) for name in _Note.model_fields})
        folder.mkdir(parents=True, exist_ok=True)
        # The note is written first: without it a half-written model would pass for an official one without resizing.
        with atomic_write(folder / NOTE) as path:
            path.write_text(note.to_yaml(), encoding="utf-8")
        write_official(folder, self.net, Thresholds(self.prob_thresh, self.nms_thresh))

    def steps(self, micrograph: Micrograph, options: StarDistOptions = StarDistOptions()) -> Step[Instances]:
        """Find all particles in a micrograph; see `predict_steps`."""
        scale = options.scale_for(micrograph, None if self.official else self.target_px)
        return (yield from self._with(options).predict_steps(micrograph, scale, confirm=options.diameter is not None))

    def _with(self, options: StarDistOptions) -> Self:
        """Return the model with its options, prepared for prediction."""
        given = {name: getattr(options, name) for name in ("prob_thresh", "nms_thresh", "tile_px")}
        chosen = replace(self, **{name: value for name, value in given.items() if value is not None})
        if options.outline == "middle":
            chosen = replace(chosen, foot_px=0.0)
        return replace(chosen, runner=self._prepared(torch_device(options.device), options.engine))

    def settle(
        self, picture: Picture, percentiles: Percentiles, options: StarDistOptions = StarDistOptions()
    ) -> Step[dict[str, Any]]:
        """Settle grey range and scale; a scale that is not known is searched in the middle of the picture."""
        model = self._with(options)
        grey = GreyRange.of(percentiles, *self.percentiles, tails=not self.official)
        scale = options.scale_for(picture, None if self.official else self.target_px)
        scales = scales_for(picture, self.working_scale, self.pixel_size_nm, self.search_scales)
        found: dict[str, Any] = {"certainty": None}
        if scale is None and len(scales) > 1:
            shown = grey(picture.window(middle(picture.shape, MIDDLE_PX)).grey)
            chosen = yield from search_scales(model._rated_steps, shown, scales)
            scale, found = chosen.parts[0].scale, self._expected(chosen)
        scale = scales[0] if scale is None else scale
        return {"grey": list(grey), "scale": scale, "found": {"working_scale": scale, **found}}

    def tiled(
        self, picture: Picture, settled: Mapping[str, Any], options: StarDistOptions = StarDistOptions()
    ) -> TiledStarDist:
        """Prepare to search a picture window by window; see `Detector`."""
        return TiledStarDist(
            self._with(options), picture, GreyRange(*settled["grey"]), settled["scale"], settled["found"]
        )

    def _expected(self, chosen: Chosen) -> dict[str, Any]:
        return {"certainty": chosen.agreement} if self.expected is None else self.expected.of(chosen)

    def _prepared(self, device: torch.device, engine: Engine) -> Runner:
        """Return the network prepared for prediction, which takes place once per device and engine."""
        if (device, engine) not in self._runners:
            runner = Runner(self.net.to(device)) if self.official else fastest_runner(self.net, device, engine)
            self._runners[device, engine] = runner
        return self._runners[device, engine]

    @cached_property
    def _runners(self) -> dict[tuple[torch.device, Engine], Runner]:
        return {}

    def headline(self) -> dict[str, Any]:
        """Probability threshold, factor to the scale it was trained at, and what a person should know."""
        remark = {"remark": self.provenance["remark"]} if "remark" in self.provenance else {}
        return {"prob_thresh": self.prob_thresh, "working_scale": self.working_scale} | remark

    @property
    def body(self) -> StarDistNet:
        """The network; see `Detector`."""
        return self.net

    def native_options(self) -> StarDistOptions:
        """Options for images at the scale it was trained on."""
        return StarDistOptions(scale=self.working_scale)

    def predict(self, micrograph: Micrograph, scale: float | None = None) -> Instances:
        """Find all objects in a micrograph; see `predict_steps`."""
        return run(self.predict_steps(micrograph, scale))

    def predict_steps(
        self, micrograph: Micrograph, scale: float | None = None, *, confirm: bool = False
    ) -> Step[Instances]:
        """Find all objects in a micrograph, reporting tile by tile; of several scales the most plausible is used.

        Parameters
        ----------
        micrograph
            A single image.
        scale
            Factor by which it is resized, where it is known; None: those of `scales_for` are tried.
        confirm
            Whether neighbouring scales confirm what is found at a known scale, and finer ones add to it.

        Raises
        ------
        UserError
            If the image is a stack or contains pixels that are not finite.
        """
        image = normalize(micrograph.grey, *self.percentiles, tails=not self.official)
        scales = scales_for(micrograph, self.working_scale, self.pixel_size_nm, self.search_scales)
        if len(scales) > 1 and (scale is None or confirm):
            chosen = yield from search_scales(self._rated_steps, image, scales, scale)
            return chosen.particles(self.foot_px, self._expected(chosen))
        found = (yield from self._find_steps(image, scales[0] if scale is None else scale))[-1]
        return found.wider(self.foot_px)

    def _rated_steps(self, image: Floats, bounds: Bounds, scale: float) -> Step[AtScale]:
        """Find all objects in part of a normalised image at one scale, and rate them."""
        seen, maps, found = yield from self._find_steps(image[bounds.window], scale)
        return AtScale.of(seen, maps, found, bounds, self.net.config, self.prob_thresh)

    def _find_steps(self, image: Floats, scale: float) -> Step[tuple[Floats, tuple[Floats, Distances], Instances]]:
        """Find all objects in a normalised image at one scale; also return what the network saw, and its maps."""
        grid = self.net.config.grid
        padding = [(self.margin * step, self.margin * step) for step in grid]
        resized, runner = rescale(image, scale), self.runner or Runner(self.net)
        padded = np.pad(resized, padding, mode="edge")
        prob, dist = yield from map_steps(runner, padded, self.tile_px, self.prob_thresh)
        height, width = image.shape
        found = instances(
            prob if self.official else peaks(prob),
            dist,
            config=self.net.config,
            thresholds=Thresholds(self.prob_thresh, self.nms_thresh),
            shape=(height, width),
            scale=scale,
            margin=self.margin,
        )
        inner = slice(self.margin, None)
        return resized, (prob[inner, inner], dist.without_margin(self.margin)), found
