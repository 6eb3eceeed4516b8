"""Write an image or stack of any size as OME-Zarr with coarser versions."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import Field

from particleforge.errors import UserError
from particleforge.micrograph import GivenPixelSize
from particleforge.step import Step
from particleforge.store.files import ELSEWHERE, is_writable, new_part, remove_parts
from particleforge.store.image_pyramid import ImagePyramid
from particleforge.store.image_series import AsSeries
from particleforge.store.planes import Images, find_planes
from particleforge.store.pyramid import CHUNK_PX, Layout
from particleforge.store.run_folder import alone
from particleforge.store.selection import Selection
from particleforge.store.source import Source
from particleforge.verb import verb
from particleforge.wording import named

SUFFIX = ".zarr"
NO_SIZE = "The image has no pixel size, so the copy has none; give it with --pixel-size, for example '0.5 nm'."


class ConvertParams(Selection, AsSeries, GivenPixelSize):
    """What is converted, and into files of which size."""

    shard_px: int = Field(
        2048,
        ge=CHUNK_PX,
        le=2**15,
        multiple_of=CHUNK_PX,
        description=f"Side of the square of pixels in one file; parts of {CHUNK_PX} px of it can be read alone.",
    )


@dataclass(frozen=True)
class Converted:
    """What was written.

    Parameters
    ----------
    path
        The OME-Zarr.
    layout
        Its shape and scale.
    remarks
        Sentences on the image that a person should know.
    """

    path: Path
    layout: Layout
    remarks: tuple[str, ...] = ()


def _report(converted: Converted, _: Mapping[str, Any]) -> dict[str, Any]:
    layout = converted.layout
    shape = ", ".join(f"{axis} {length}" for axis, length in zip(layout.axes, layout.shape, strict=True))
    remarks = {"remarks": " ".join(converted.remarks)} if converted.remarks else {}
    return {"folder": str(converted.path), "shape": shape, "levels": len(layout.shapes), **remarks}


@verb(_report, resumable=True)
def convert(images: Images, out: Path | str, params: ConvertParams = ConvertParams()) -> Step[Converted]:
    """Write an image or a stack as sharded OME-Zarr 0.5 with coarser versions, part by part.

    Each part is compared with the image after it was written. The image itself is never changed.

    Parameters
    ----------
    images
        An image or a stack, its URL, or with --as-series a folder of frames; from Python also an array.
    out
        New folder NAME.zarr; a conversion of the same image that was interrupted is continued.
    params
        Part of the image, pixel size and size of the files.

    Raises
    ------
    UserError
        If the image cannot be read, there are several, `out` contains something else, or the disk is full.
    """
    source, out = _source(images, params), Path(out)
    if out.suffix != SUFFIX:
        raise UserError(f"{out} must be called NAME{SUFFIX}, as other programs expect.", f"Try {out.name}{SUFFIX}.")
    if source.path is not None and out.resolve() == source.path.resolve():
        raise UserError(f"{out} is the image itself; nothing is overwritten.", ELSEWHERE)
    busy = UserError(f"Another run is writing to {out}.", "Wait until it ends, or choose another place for the output.")
    if not is_writable(new_part(out.parent, "")):
        raise UserError(f"{out} cannot be written: its folder is protected.", ELSEWHERE)
    with alone(out.with_name(f".{out.name}.lock"), busy):
        written = ImagePyramid.of(out, source, _shard_px(source, params.shard_px), _described(source, params))
        remove_parts(out)
        yield from written.copy(source)
    remarks = (*source.remarks, *source.size_remarks)
    return Converted(out, written.layout, remarks if source.pixel_size_nm else (*remarks, NO_SIZE))


def _source(images: Images, params: ConvertParams) -> Source:
    """Source of all planes, which must be of one image."""
    planes = find_planes(images, selection=params, as_series=params.as_series)
    first = planes.get(planes.names[0])
    if len(first.source) != len(planes):
        raise UserError(
            f"There are several images: {named(planes.names, 'plane')}; one image or stack can be converted.",
            "Convert them one by one, or a folder of frames with --as-series.",
        )
    first.window(slice(0, 1), slice(0, 1))  # fails here if it cannot be read at all
    given = params.pixel_size_nm
    return first.source if given is None else replace(first.source, pixel_size_nm=(given, given), size_remarks=())


def _shard_px(source: Source, largest: int) -> int:
    """Side of a shard: no larger than small images need."""
    return min(largest, -(-max(source.sides) // CHUNK_PX) * CHUNK_PX)


def _described(source: Source, params: ConvertParams) -> dict[str, Any]:
    """Plain data by which an interrupted conversion recognises its image, without reading all of it."""
    selected = {name: getattr(params, name) for name in Selection.model_fields if getattr(params, name) is not None}
    return {"image": source.name, "shape": list(source.pixels.shape), **selected, **_state(source)}


def _state(source: Source) -> dict[str, Any]:
    if source.path is None:
        sample = source[0].window(slice(CHUNK_PX), slice(CHUNK_PX)).pixels
        return {"url": source.url} if source.url else {"first_pixels": hashlib.sha256(sample.tobytes()).hexdigest()}
    files = [source.path] if source.path.is_file() else [one for one in source.path.rglob("*") if one.is_file()]
    stats = [file.stat() for file in files]
    return {"bytes": sum(one.st_size for one in stats), "changed_ns": max(one.st_mtime_ns for one in stats)}
