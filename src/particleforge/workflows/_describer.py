"""Describe the looks of images, in any process, and keep what is computed in files."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from particleforge.errors import Cancelled, UserError
from particleforge.micrograph import Micrograph
from particleforge.models.opening import find_model, open_model
from particleforge.models.sources import diameters_px
from particleforge.quality.described_file import Arrays, read_arrays, write_arrays
from particleforge.quality.feature import features_of
from particleforge.quality.view import Greys, View
from particleforge.sample import Sample
from particleforge.step import run
from particleforge.store.files import DiskError, new_part
from particleforge.store.fingerprints import of_file
from particleforge.workflows._given_network import GivenNetwork
from particleforge.workflows._one_plane import failure_of
from particleforge.workflows._pictures import Picture
from particleforge.workflows._sets import Item

if TYPE_CHECKING:
    from particleforge.models.detections import Detections
    from particleforge.models.roles import Detector

DETECTOR = "base"
"""Bundled detector that finds the particles, and whose network describes crops."""
MIDDLE_PX = 512
"""Side of the part of an image, at working scale, in which particles are found for the features."""
DIAMETER, TILE = "diameter_px", "tile"
"""Arrays that are kept besides the features."""
_LOG = logging.getLogger(__name__)


class Eye:
    """The detector that looks at images; it is opened where it is used, once in each process."""

    def __reduce__(self) -> tuple[type[Eye], tuple[()]]:
        return Eye, ()

    @cached_property
    def detector(self) -> Detector[Any]:
        """The detector."""
        return open_model(DETECTOR, "detector")

    @cached_property
    def origin(self) -> str:
        """Text that differs if the detector or this package does."""
        _, folder = find_model(DETECTOR, "detector")
        return f"{'bundled' if folder is None else of_file(folder)} {version('napari-particleforge')}"

    def find(self, picture: Picture, options: Any) -> Detections:
        """Particles of a picture, without those in marks."""
        micrograph = Micrograph(picture.grey, name=picture.name)
        return run(self.detector.steps(micrograph, options)).outside(picture.marks)

    def encode(self, crops: Greys) -> Sequence[Greys]:
        """See `View`."""
        import torch

        with torch.inference_mode():
            return [level.numpy() for level in self._body.encode(torch.from_numpy(crops)[:, None])]

    @cached_property
    def _body(self) -> Any:
        body = self.detector.body
        if body is None:
            raise UserError(f"{DETECTOR} has no network.", "Use a detector with one.")
        return body.folded()


@dataclass(frozen=True)
class Describer:
    """Describes images of sets one by one.

    Parameters
    ----------
    items
        Set and image by the text that identifies both.
    kept
        Folder of the files of each set.
    crops
        Largest number of crops of an image.
    network
        Network of the user; None if there is none.
    resolution_px
        Diameter of the particles to which images are reduced; None: diameters are computed, not features.
    usual_px
        Diameter by set, for images in which no particle is found.
    eye
        What looks at them.
    """

    items: Mapping[str, tuple[str, Item]]
    kept: Mapping[str, Path]
    crops: int
    network: GivenNetwork | None = None
    resolution_px: float | None = None
    usual_px: Mapping[str, float] = field(default_factory=dict)
    eye: Eye = field(default_factory=Eye)

    def __call__(self, place: str) -> Arrays | UserError:
        """Describe an image, or take what is known of it from an earlier run.

        Returns
        -------
        dict
            `DIAMETER`, which is NaN where no particle was found; or the features, and a crop as `TILE`.

        Raises
        ------
        DiskError
            If the disk is full or not writable.
        """
        try:
            return self._of(*self.items[place])
        except (DiskError, Cancelled):
            raise
        except Exception as error:  # noqa: BLE001 - the other images go on
            _LOG.debug("%s was not described", place, exc_info=True)
            return failure_of(error)

    def _of(self, name: str, item: Item) -> Arrays:
        sample, kept = item.read(), self.kept[name]
        sizes = self._known(kept / "sizes", sample, item.name, "", self._diameter)
        if self.resolution_px is None:
            return sizes
        found = float(sizes[DIAMETER])
        diameter_px = found if np.isfinite(found) else self.usual_px[name]
        network = "" if self.network is None else self.network.key
        how = f"{diameter_px:.6g} {self.resolution_px:.6g} {self.crops} {network}"
        compute = partial(self._features, diameter_px, self.resolution_px)
        return self._known(kept / "features", sample, item.name, how, compute)

    def _known(self, folder: Path, sample: Sample, name: str, how: str, compute: Callable[[Sample], Arrays]) -> Arrays:
        """Read arrays if they are known, else compute and keep them."""
        path = new_part(folder.parent, folder.name) / f"{name}.npz"
        key = f"{sample.fingerprint()} {self.eye.origin} {how}"
        known = read_arrays(path, key)
        if known is None:
            known = compute(sample)
            write_arrays(path, known, key)
        return known

    def _diameter(self, sample: Sample) -> Arrays:
        """Median diameter of the true particles, or of those found."""
        sizes = diameters_px(sample)
        if not len(sizes):
            picture = Picture.of(sample.micrograph)
            found = self.eye.find(picture, self.eye.detector.Options())
            sizes = diameters_px(Sample(Micrograph(picture.grey), found.labels))
        return {DIAMETER: np.array(np.median(sizes) if len(sizes) else np.nan)}

    def _features(self, diameter_px: float, resolution_px: float, sample: Sample) -> Arrays:
        scaled = Picture.of(sample.micrograph).at_working_scale(diameter_px, resolution_px)
        crops, middle = scaled.crops(self.crops), scaled.middle(MIDDLE_PX)
        found = self.eye.find(middle, self.eye.detector.native_options())
        vector = None if self.network is None else self.network(scaled.grey)
        features = features_of(View(crops, middle.grey, found.labels, self.eye.encode, vector))
        tile = (255 * np.clip(crops[len(crops) // 2], 0, 1)).astype(np.uint8)
        return {name: rows.astype(np.float32) for name, rows in features.items()} | {TILE: tile}
