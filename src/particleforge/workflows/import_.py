"""Import annotated images written by another program into a dataset."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from scipy import ndimage

from particleforge.errors import UserError
from particleforge.outline import Outline, outline_of
from particleforge.sample import Sample
from particleforge.schema import Schema
from particleforge.step import Progress, Step
from particleforge.store.dataset import Dataset
from particleforge.store.exchange import FORMATS, recognised
from particleforge.store.files import complete_folder
from particleforge.targets.outlines import Outlines
from particleforge.verb import InPlace, verb


def _report(dataset: Dataset, args: Mapping[str, Any]) -> dict[str, Any]:
    remarks = dataset.meta.get("remarks", [])
    noted = {"remarks": " ".join(remarks)} if remarks else {}
    return {"dataset": str(args["out"]), "samples": len(dataset), "format": dataset.meta["format"], **noted}


@verb(_report)
def import_(
    folder: Path | str, out: Annotated[Path | str, InPlace()], format: Annotated[str | None, FORMATS] = None
) -> Step[Dataset]:
    """Write the images and labels of a folder into a new dataset.

    Particles that overlap keep their whole outlines. The folder is read twice, first for count, size and type, to keep
    memory use small.

    Parameters
    ----------
    folder
        Folder written by another program.
    out
        New dataset folder NAME.zarr.
    format
        Format of the folder; by default it is recognised.

    Raises
    ------
    UserError
        If the folder cannot be read or contains no image, or `out` exists.
    """
    folder, out = Path(folder), Path(out)
    name = format or recognised(folder)
    read = FORMATS.get(name).read
    yield Progress(0, 1, "Inspecting the images")
    shapes, dtypes, remarks, overlap = [], set(), [], False
    for sample in read(folder):
        micrograph = sample.micrograph
        shapes.append(micrograph.shape)
        overlap |= sample.outlines is not None
        dtypes.add(micrograph.pixels.dtype if micrograph.axes == "YX" else np.dtype(np.float32))
        remarks += [f"{sample.name}: {remark}" for remark in micrograph.remarks]
    if not shapes:
        raise UserError(f"{folder} holds no image.", f"Check that its format is {name!r}.")
    heights, widths = zip(*shapes, strict=True)
    meta = {"imported": str(folder), "format": name} | ({"remarks": remarks} if remarks else {})
    with complete_folder(out) as part:
        shape = (max(heights), max(widths))
        schema = Schema(targets={"outlines": Outlines()} if overlap else {})
        dataset = Dataset.create(part, len(shapes), shape, np.result_type(*dtypes), meta, schema=schema)
        samples = iter(read(folder))
        for shard in dataset.shards:
            indices = dataset.shard_range(shard)
            some = [next(samples) for _ in indices]
            dataset.write_shard(shard, [_outlined(one) for one in some] if overlap else some)
            yield Progress(indices.stop, len(dataset), f"{indices.stop} of {len(dataset)} images")
    return Dataset.open(out)


def _outlined(sample: Sample) -> Sample:
    """Return a sample with outlines: where its particles do not overlap, those of its labels."""
    if sample.outlines is not None:
        return sample
    boxes = ndimage.find_objects(sample.labels.astype(np.int64))
    outlines = tuple(
        Outline(label, outline_of(sample.labels[box] == label, (box[0].start, box[1].start)))
        for label, box in enumerate(boxes, 1)
        if box is not None
    )
    return replace(sample, targets={**sample.targets, "outlines": outlines})
