"""Annotated samples as a StarDist network sees them: normalised and at working scale."""

import math
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, overload

import numpy as np
from skimage.transform import resize

from particleforge.errors import UserError
from particleforge.models.patches import Source
from particleforge.models.stardist.normalize import normalize, rescale
from particleforge.sample import Sample


def diameters_px(sample: Sample) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Equivalent circular diameters of the particles of a sample that do not touch the border."""
    labels = sample.labels
    rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    ids, areas = np.unique(labels, return_counts=True)
    whole = ~np.isin(ids, np.append(rim, 0))
    kept = whole if whole.any() else ids > 0
    return np.sqrt(4 * areas[kept] / math.pi)


def median_diameter_px(samples: Sequence[Sample]) -> float:
    """Median equivalent circular diameter of all particles.

    Raises
    ------
    UserError
        If there is none.
    """
    found = np.concatenate([diameters_px(sample) for sample in samples] or [np.empty(0)])
    if not len(found):
        raise UserError("No particle is labelled in the training images.", "Label at least a few particles.")
    return float(np.median(found))


class Sources(Sequence[Source]):
    """Samples made ready for training one by one, as they are asked for, and kept up to a limit.

    Parameters
    ----------
    samples
        Annotated micrographs, which may lie in a dataset on disk.
    scales
        Factor to working scale of each sample.
    percentiles
        Grey percentiles that become 0 and 1.
    keep_px
        Pixels kept in memory at most.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        scales: Sequence[float],
        percentiles: tuple[float, float],
        keep_px: float = 4e8,
    ) -> None:
        self._samples = samples
        self._scales = scales
        self._percentiles = percentiles
        self._kept: OrderedDict[int, Source] = OrderedDict()
        self._room_px = keep_px

    def __len__(self) -> int:
        return len(self._samples)

    @overload
    def __getitem__(self, index: int) -> Source: ...
    @overload
    def __getitem__(self, index: slice) -> list[Source]: ...
    def __getitem__(self, index: int | slice) -> Source | list[Source]:
        """Return one source, or several."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        if index not in self._kept:
            source = self._kept[index] = self._make(index)
            self._room_px -= source.image.size
            while self._room_px < 0 and len(self._kept) > 1:
                self._room_px += self._kept.popitem(last=False)[1].image.size
        return self._kept[index]

    def _make(self, index: int) -> Source:
        sample = self._samples[index]
        image = rescale(normalize(sample.micrograph.grey, *self._percentiles), self._scales[index])

        def nearest(array: Any) -> Any:
            small = resize(array, image.shape, order=0, preserve_range=True, anti_aliasing=False)  # type: ignore[no-untyped-call]
            return small.astype(array.dtype)

        known = None if sample.known is None else nearest(sample.known.astype(np.uint8)) > 0
        return Source(image, nearest(sample.labels), known)
