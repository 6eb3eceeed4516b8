"""Annotated samples prepared for a network: normalised and at working scale."""

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, overload

import numpy as np
import numpy.typing as npt
from skimage.transform import resize

from particleforge.models.normalize import normalize, rescale
from particleforge.models.patches import Source
from particleforge.sample import Sample
from particleforge.store.labels import border_ids

SIDE_PX = 512
"""Side of the piece of an image that is evaluated."""


def diameters_px(sample: Sample) -> npt.NDArray[np.float64]:
    """Equivalent circular diameters of the particles that do not touch the border, or of all if all of them do."""
    ids, areas = np.unique(sample.labels, return_counts=True)
    whole = ~np.isin(ids, np.append(border_ids(sample.labels), 0))
    kept = whole if whole.any() else ids > 0
    return np.sqrt(4 * areas[kept] / math.pi)


def classes_of(sample: Sample) -> Mapping[int, str] | None:
    """Class of each particle by its id, from the truth; None if there is none."""
    if sample.truth is None or not {"label", "class"} <= set(sample.truth.columns):
        return None
    rows = sample.truth[["label", "class"]].dropna()
    return {int(label): str(name) for label, name in rows.itertuples(index=False) if str(name)}


def piece(source: Source, side_px: int = SIDE_PX) -> Source:
    """Crop the centre of the image; if it is partly annotated, a piece around an annotated pixel."""
    shape = source.labels.shape
    centre = tuple(length // 2 for length in shape)
    if source.known is not None and source.known.any():
        places = np.argwhere(source.known)
        centre = tuple(np.median(places, axis=0).astype(int))
    window = tuple(
        slice(start := int(np.clip(middle - side_px // 2, 0, max(0, length - side_px))), start + side_px)
        for middle, length in zip(centre, shape, strict=True)
    )
    known = None if source.known is None else source.known[window]
    outlines = source.outlines and {
        label: corners - (window[0].start, window[1].start) for label, corners in source.outlines.items()
    }
    return Source(np.ascontiguousarray(source.image[window]), source.labels[window], known, outlines, source.classes)


class Sources(Sequence[Source]):
    """Samples prepared for training one by one on demand, and cached up to a limit.

    Parameters
    ----------
    samples
        Annotated micrographs; may be a dataset on disk.
    indices
        Which of them.
    scale_of
        Factor that brings a sample to working scale.
    percentiles
        Grey percentiles that are mapped to 0 and 1.
    keep_px
        Maximum number of pixels kept in memory.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        indices: Sequence[int],
        scale_of: Callable[[Sample], float],
        percentiles: tuple[float, float],
        keep_px: float = 4e8,
    ) -> None:
        self._samples, self._indices = samples, indices
        self._scale_of = scale_of
        self._percentiles = percentiles
        self._kept: OrderedDict[int, Source] = OrderedDict()
        self._room_px = keep_px

    def __len__(self) -> int:
        return len(self._indices)

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
            source = self._kept[index] = self._make(self._samples[self._indices[index]])
            self._room_px -= source.image.size
            while self._room_px < 0 and len(self._kept) > 1:
                self._room_px += self._kept.popitem(last=False)[1].image.size
        return self._kept[index]

    def _make(self, sample: Sample) -> Source:
        image = rescale(normalize(sample.micrograph.grey, *self._percentiles, tails=True), self._scale_of(sample))

        def nearest(array: Any) -> Any:
            small = resize(array, image.shape, order=0, preserve_range=True, anti_aliasing=False)  # type: ignore[no-untyped-call]
            return small.astype(array.dtype)

        known = None if sample.known is None else nearest(sample.known.astype(np.uint8)) > 0
        labels = nearest(sample.labels)
        classes = classes_of(sample)
        if sample.outlines is None:
            return Source(image, labels, known, classes=classes)
        factors = np.divide(image.shape, sample.labels.shape)
        outlines = {one.label: (one.points_px + 0.5) * factors - 0.5 for one in sample.outlines}
        return Source(image, labels, known, outlines, classes)
