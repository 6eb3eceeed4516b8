"""A StarDist model in a folder: an official one, or ours, which is an official one with a note beside it."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, NonNegativeInt, PositiveFloat

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.models.device import torch_device
from particleforge.models.normalize import normalize, rescale
from particleforge.models.roles import Detector
from particleforge.models.stardist.instances import Instances, Thresholds, instances
from particleforge.models.stardist.kind import NOTE
from particleforge.models.stardist.network import StarDistNet
from particleforge.models.stardist.official import read_official, write_official
from particleforge.models.stardist.options import TILE_PX, StarDistOptions
from particleforge.models.stardist.predict import map_steps
from particleforge.models.stardist.scale_search import Look, find_at_best_scale
from particleforge.params import Params
from particleforge.step import Step, run
from particleforge.store.files import atomic_write

Floats = npt.NDArray[np.float32]


class _Note(Params):
    """What a model knows beyond an official one."""

    percentiles: tuple[float, float] = (1.0, 99.8)
    working_scale: PositiveFloat = 1.0
    pixel_size_nm: PositiveFloat | None = None
    search_scales: tuple[PositiveFloat, ...] = ()
    target_px: PositiveFloat = 24.0
    margin: NonNegativeInt = 4
    provenance: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class StarDistModel(Detector[StarDistOptions]):
    """A trained network and all it needs to be used.

    Parameters
    ----------
    net
        The network.
    prob_thresh, nms_thresh
        See `instances`.
    percentiles
        Grey percentiles that become 0 and 1.
    working_scale
        Factor by which images are resized for the network.
    pixel_size_nm
        Pixel size of the images `working_scale` is meant for, or None: then it holds for all images.
    search_scales
        Scales to choose from for each image whose magnification is not known; see `plausibility`.
    target_px
        Particle diameter at working scale.
    margin
        Grid cells by which the image is continued on every side; see `instances`.
    provenance
        Plain data: what it was trained on and how.
    tile_px
        Largest side of what the network sees at once; it changes the memory needed, not the result, and is not saved.
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
    provenance: dict[str, Any] = field(default_factory=dict)
    tile_px: int = TILE_PX

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> Self:
        """Load a model folder, ours or an official one.

        An official folder is run as the official package's napari plugin does by default: percentiles 1 and
        99.8, no resizing, no margin, thresholds from the file.

        Raises
        ------
        UserError
            If files are missing, broken, or of a kind that cannot be run here.
        """
        if not folder.is_dir():
            raise UserError(f"{folder} is no folder.", "Point to the folder of a trained model.")
        net, thresholds = read_official(folder)
        note = _Note.from_yaml(folder / NOTE) if (folder / NOTE).is_file() else _Note(margin=0)
        return cls(net.to(device), thresholds.prob, thresholds.nms, **note.model_dump())

    def save(self, folder: Path) -> None:
        """Write the model; the folder is one the official package loads too."""
        note = _Note.parse({name: getattr(self, name) for name in _Note.model_fields})
        folder.mkdir(parents=True, exist_ok=True)
        # The note goes first: without it a half-written model would pass for an official one without resizing.
        with atomic_write(folder / NOTE) as path:
            path.write_text(note.to_yaml(), encoding="utf-8")
        write_official(folder, self.net, Thresholds(self.prob_thresh, self.nms_thresh))

    def scales_for(self, micrograph: Micrograph) -> tuple[float, ...]:
        """Factors by which to resize an image, several where its magnification is not known.

        With pixel sizes on both sides particles keep their true size.
        """
        own = micrograph.square_pixel_size_nm
        if own is not None and self.pixel_size_nm is not None:
            return (self.working_scale * own / self.pixel_size_nm,)
        return self.search_scales or (self.working_scale,)

    def steps(self, micrograph: Micrograph, options: StarDistOptions = StarDistOptions()) -> Step[Instances]:
        """Find all particles of a micrograph; see `predict_steps`."""
        given = {name: getattr(options, name) for name in ("prob_thresh", "nms_thresh", "tile_px")}
        chosen = replace(self, **{name: value for name, value in given.items() if value is not None})
        chosen.net.to(torch_device(options.device))
        return (yield from chosen.predict_steps(micrograph, options.scale))

    def headline(self) -> dict[str, Any]:
        """Least probability of a particle, and factor to the scale it was trained for."""
        return {"prob_thresh": self.prob_thresh, "working_scale": self.working_scale}

    def native_options(self) -> StarDistOptions:
        """Options for images at the scale it was trained for."""
        return StarDistOptions(scale=self.working_scale)

    def predict(self, micrograph: Micrograph, scale: float | None = None) -> Instances:
        """Find all objects of a micrograph; see `predict_steps`."""
        return run(self.predict_steps(micrograph, scale))

    def predict_steps(self, micrograph: Micrograph, scale: float | None = None) -> Step[Instances]:
        """Find all objects of a micrograph, reporting tile by tile; of several scales the most plausible is taken.

        Parameters
        ----------
        micrograph
            A single image.
        scale
            Factor by which it is resized; without one, `scales_for` says what is tried.

        Raises
        ------
        UserError
            For stacks and images with pixels that are not finite.
        """
        image = normalize(micrograph.grey, *self.percentiles)
        scales = self.scales_for(micrograph) if scale is None else (scale,)
        if len(scales) > 1:
            return (yield from find_at_best_scale(self.find_steps, image, scales, self.net.config))
        return (yield from self.find_steps(image, scales[0])).found

    def find_steps(self, image: Floats, scale: float) -> Step[Look]:
        """Find all objects of a normalised image at one scale."""
        grid = self.net.config.grid
        beside = [(self.margin * step, self.margin * step) for step in grid]
        seen = np.pad(rescale(image, scale), beside, mode="edge")
        prob, dist = yield from map_steps(self.net, seen, self.tile_px)
        height, width = image.shape
        found = instances(
            prob,
            dist,
            config=self.net.config,
            thresholds=Thresholds(self.prob_thresh, self.nms_thresh),
            shape=(height, width),
            scale=scale,
            margin=self.margin,
        )
        inner = slice(self.margin, None)
        return Look(prob[inner, inner], dist[:, inner, inner], found)
