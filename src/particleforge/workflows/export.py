"""Write a dataset or a model for other programs."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from particleforge.errors import UserError
from particleforge.models.kind import kinds
from particleforge.models.opening import find_model, recognised
from particleforge.recipes.aggregate.export import export_aggregates
from particleforge.recipes.aggregate.writers import WRITERS
from particleforge.recipes.any import parse_recipe
from particleforge.sample import Sample, Samples
from particleforge.step import Step
from particleforge.store.dataset import Dataset
from particleforge.store.exchange import FORMATS
from particleforge.verb import InPlace, verb

PREFERRED = "onnx"
"""Format of a model where none is given and the kind offers it."""


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
        New folder for a dataset, or new file NAME.onnx or NAME.zip for a model.
    format
        Format of a dataset (default: pairs) or of its aggregates; for a model onnx (default) or bioimageio.

    Returns
    -------
    dict
        Where it was written, and how much it contains.

    Raises
    ------
    UserError
        If the source cannot be read, the format is not possible for it, or `out` exists.
    """
    source, out = Path(source), Path(out)
    if recognised(source) is not None:
        return _export_model(source, out, format)
    name = format or "pairs"
    if any(name in kind.exports for kind in kinds() if kind.exports):
        raise UserError(f"{source} is not the folder of a model, and only models can be written as {name}.")
    if name in WRITERS:
        dataset = Dataset.open(source)
        yield from export_aggregates.steps(dataset, out, name)
    else:
        chosen, dataset = FORMATS.get(name), Dataset.open(source)
        dataset.check()
        complete = chosen.MARKS_UNKNOWN or not _drawn_from_nothing(dataset)
        yield from chosen.write.steps(dataset if complete else _AllKnown(dataset), out)
    return {"folder": str(out), "samples": len(dataset)}


class _AllKnown(Samples):
    """Samples whose labels are known everywhere: what a recipe leaves out of training, it has drawn itself.

    Parameters
    ----------
    samples
        Drawn without annotated images.
    """

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = samples

    def __len__(self) -> int:
        return len(self._samples)

    def at(self, index: int) -> Sample:
        """Sample number `index`, known everywhere."""
        return replace(self._samples[index], known=None)


def _drawn_from_nothing(dataset: Dataset) -> bool:
    """Whether a dataset was drawn by a recipe that needs no annotated images, so that it shows no unknown particles."""
    recipe = dataset.meta.get("recipe") or {}
    try:
        return bool(recipe) and not parse_recipe(recipe).innermost.takes_annotated
    except UserError:  # a recipe of a package that is not installed
        return False


def _export_model(folder: Path, out: Path, given: str | None) -> dict[str, Any]:
    kind, path = find_model(folder)
    if kind.exports is None:
        raise UserError(f"A {kind.title} model cannot be written for other programs.")
    names = kind.exports.names()
    name = given or (PREFERRED if PREFERRED in names else names[0])
    if name not in names:
        raise UserError(f"A {kind.title} model cannot be written as {name!r}.", f"Formats: {', '.join(names)}.")
    kind.exports.get(name).write(kind.load(path), out)
    return {"file": str(out), "format": name}
