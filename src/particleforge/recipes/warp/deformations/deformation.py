"""From a backward map to a deformed sample."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy import ndimage

from particleforge.draws import fix
from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.outline import Outline
from particleforge.params import Params
from particleforge.recipes.warp.outlines import moved_outlines
from particleforge.recipes.warp.particles import Labels, seen_fractions, warped_truth
from particleforge.registry import Kinds
from particleforge.sample import Sample

Floats: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Mapping:
    """Where every pixel of the result comes from.

    Parameters
    ----------
    from_px
        (2, Y, X) float32 row and column in the source of each pixel of the result, all inside the source.
    seen
        Rows and columns of the source that are in the result.
    smoothing_px
        Sigma along (Y, X) of the Gaussian the image needs before it is sampled more coarsely.
    """

    from_px: Floats
    seen: tuple[slice, slice] = (slice(None), slice(None))
    smoothing_px: tuple[float, float] = (0.0, 0.0)


class Deformation(Params):
    """A way to deform a micrograph and its labels."""

    order: Literal[1, 3] = Field(
        3, description="Interpolation of the image: 1 is linear and softens the noise, 3 is cubic and keeps more of it."
    )

    @abstractmethod
    def mapping(self, sample: Sample, rng: np.random.Generator) -> Mapping:
        """Draw a backward map. Called with every per-image draw fixed."""

    def warp(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Deform image, labels and known mask by the same backward map.

        The image is interpolated and stays within its own grey range and dtype; labels and known mask take the
        nearest pixel, so ids never mix. Every pixel of the result comes from inside the source. The pixel size
        is kept: sizes in nm change as those in px do.

        Raises
        ------
        UserError
            For stacks, pixels that are not finite, or pixels that are not square.
        """
        _check(sample)
        fixed = fix(self, rng)
        mapping = fixed.mapping(sample, rng)
        rows, columns = (np.rint(axis).astype(np.int32) for axis in mapping.from_px)
        labels = sample.labels[rows, columns]
        source = sample.micrograph
        micrograph = Micrograph(_resample(source, mapping, self.order), source.pixel_size_nm, source.axes, source.name)
        return Sample(
            micrograph,
            labels,
            known=None if sample.known is None else sample.known[rows, columns],
            truth=warped_truth(sample, labels, mapping.seen),
            recipe=fixed.model_dump(mode="json"),
            targets={} if sample.outlines is None else {"outlines": _moved(sample, sample.outlines, labels, mapping)},
        )


AnyDeformation: TypeAlias = Annotated[Deformation, Kinds(Deformation)]


def _moved(sample: Sample, outlines: tuple[Outline, ...], labels: Labels, mapping: Mapping) -> tuple[Outline, ...]:
    """Outlines of the particles of a sample in the result."""
    ids = np.unique(labels[labels > 0])
    kept = dict(zip(ids.tolist(), seen_fractions(sample.labels, ids, mapping.seen).tolist(), strict=True))
    return moved_outlines(outlines, mapping.from_px, kept)


def _check(sample: Sample) -> None:
    micrograph = sample.micrograph
    if set(micrograph.axes) - set("YXC") or 0 in micrograph.pixels.shape:
        raise UserError(
            f"{sample.name}: only 2D images can be warped; this one has shape {micrograph.pixels.shape} "
            f"with axes {micrograph.axes}.",
            "Save the slice you want as a separate image.",
        )
    if not np.isfinite(micrograph.pixels).all():
        bad = int((~np.isfinite(micrograph.pixels)).sum())
        raise UserError(f"{sample.name}: {bad} pixels are NaN or infinite.", "Replace them with numbers first.")


def _resample(micrograph: Micrograph, mapping: Mapping, order: Literal[1, 3]) -> npt.NDArray[Any]:
    """Pixels at the mapped positions, in the axes, dtype and grey range of the micrograph."""
    if "C" not in micrograph.axes:
        return _interpolate(micrograph.pixels, mapping, order)
    channel = micrograph.axes.index("C")
    planes = [_interpolate(plane, mapping, order) for plane in np.moveaxis(micrograph.pixels, channel, 0)]
    return np.stack(planes, axis=channel)


def _interpolate(plane: npt.NDArray[Any], mapping: Mapping, order: Literal[1, 3]) -> npt.NDArray[Any]:
    y, x = mapping.from_px
    height, width = plane.shape
    if y.shape == plane.shape and (y == np.arange(height)[:, None]).all() and (x == np.arange(width)).all():
        return plane.copy()
    exact: type[np.float32 | np.float64] = (
        np.float32 if plane.dtype.itemsize <= 2 or plane.dtype == np.float32 else np.float64
    )
    smooth: npt.NDArray[Any] = plane.astype(exact)
    if any(mapping.smoothing_px):
        smooth = ndimage.gaussian_filter(smooth, mapping.smoothing_px, mode="mirror")
    values: npt.NDArray[Any] = ndimage.map_coordinates(smooth, mapping.from_px, order=order, mode="mirror")
    np.clip(values, plane.min(), plane.max(), out=values)
    rounded = values if plane.dtype.kind == "f" else np.rint(values)
    return rounded.astype(plane.dtype)
