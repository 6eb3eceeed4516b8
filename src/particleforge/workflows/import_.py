"""Import annotated images written by another program into a dataset."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from particleforge.errors import UserError
from particleforge.step import Progress, Step
from particleforge.store.dataset import Dataset
from particleforge.store.exchange import FORMATS
from particleforge.verb import InPlace, verb


def _report(dataset: Dataset, args: Mapping[str, Any]) -> dict[str, Any]:
    return {"dataset": str(args["out"]), "samples": len(dataset)}


@verb(_report)
def import_(
    folder: Path | str, out: Annotated[Path | str, InPlace()], format: Annotated[str, FORMATS] = "pairs"
) -> Step[Dataset]:
    """Write the images and labels of a folder into a new dataset.

    The folder is read twice, first for count, size and type, to keep memory use small.

    Parameters
    ----------
    folder
        Folder written by another program.
    out
        New dataset folder NAME.zarr.
    format
        Format of the folder.

    Raises
    ------
    UserError
        If the folder cannot be read or contains no image, or `out` exists.
    """
    folder, read = Path(folder), FORMATS.get(format).read
    yield Progress(0, 1, "Inspecting the images")
    shapes, dtypes = [], set()
    for sample in read(folder):
        shapes.append(sample.micrograph.shape)
        dtypes.add(sample.micrograph.pixels.dtype if sample.micrograph.axes == "YX" else np.dtype(np.float32))
    if not shapes:
        raise UserError(f"{folder} holds no image.", f"Check that its format is {format!r}.")
    heights, widths = zip(*shapes, strict=True)
    dtype = np.result_type(*dtypes)
    dataset = Dataset.create(Path(out), len(shapes), (max(heights), max(widths)), dtype, {"imported": str(folder)})
    samples = iter(read(folder))
    for shard in dataset.shards:
        indices = dataset.shard_range(shard)
        dataset.write_shard(shard, [next(samples) for _ in indices])
        yield Progress(indices.stop, len(dataset), f"{indices.stop} of {len(dataset)} images")
    return dataset
