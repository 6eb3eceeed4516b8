"""Write a dataset or a model for other programs."""

from pathlib import Path
from typing import Annotated, Any

from particleforge.errors import UserError
from particleforge.recipes.aggregate.export import export_aggregates
from particleforge.recipes.aggregate.writers import WRITERS
from particleforge.step import Step
from particleforge.store.dataset import Dataset
from particleforge.store.exchange import FORMATS
from particleforge.verb import InPlace, verb

MODEL_FORMATS = ("onnx", "bioimageio")


@verb(lambda written, _: written)
def export(
    source: Path | str, out: Annotated[Path | str, InPlace()], format: Annotated[str | None, FORMATS, WRITERS] = None
) -> Step[dict[str, Any]]:
    """Write a dataset, its aggregates, or a model for other programs.

    Parameters
    ----------
    source
        Dataset folder NAME.zarr, or the folder of a model.
    out
        New folder for a dataset; new file NAME.onnx or NAME.zip for a model.
    format
        Format of a dataset (default: pairs) or of the aggregates of one; of a model onnx (default) or bioimageio.

    Returns
    -------
    dict
        Where it is, and how much there is in it.

    Raises
    ------
    UserError
        If the source cannot be read, the format does not suit it, or `out` exists.
    """
    source, out = Path(source), Path(out)
    if (source / "config.json").is_file():
        return _export_model(source, out, format or "onnx")
    name = format or "pairs"
    if name in MODEL_FORMATS:
        raise UserError(f"{source} is not the folder of a model; only models are written as {name}.")
    if name in WRITERS:
        dataset = Dataset.open(source)
        yield from export_aggregates.steps(dataset, out, name)
    else:
        chosen, dataset = FORMATS.get(name), Dataset.open(source)
        yield from chosen.write.steps(dataset, out)
    return {"folder": str(out), "samples": len(dataset)}


def _export_model(folder: Path, out: Path, name: str) -> dict[str, Any]:
    if name not in MODEL_FORMATS:
        raise UserError(f"A model cannot be written as {name!r}.", f"There are {', '.join(MODEL_FORMATS)}.")
    from particleforge.models.stardist.export import EXPORTS
    from particleforge.models.stardist.model import StarDistModel

    EXPORTS[name](StarDistModel.load(folder), out)
    return {"file": str(out), "format": name}
