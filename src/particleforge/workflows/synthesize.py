"""Draw a dataset from a recipe."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from particleforge.recipes.any import as_recipe
from particleforge.recipes.recipe import Recipe
from particleforge.recipes.synthesize import SynthesizeParams, draw_dataset
from particleforge.sample import Sample
from particleforge.step import Step
from particleforge.store.annotated import as_samples
from particleforge.store.dataset import Dataset
from particleforge.verb import InPlace, verb


def _report(dataset: Dataset, args: Mapping[str, Any]) -> dict[str, Any]:
    remarks = dataset.meta.get("remarks", [])
    return {"dataset": str(args["out"]), "samples": len(dataset)} | ({"remarks": " ".join(remarks)} if remarks else {})


@verb(_report, resumable=True)
def synthesize(
    recipe: str | Path | Mapping[str, Any] | Recipe,
    out: Path | str,
    sources: Annotated[Path | str | Sequence[Sample], InPlace()] = (),
    params: SynthesizeParams = SynthesizeParams(),
) -> Step[Dataset]:
    """Draw a dataset from a recipe; an interrupted one is continued.

    Parameters
    ----------
    recipe : name, file, plain data or Recipe
        A recipe: its YAML file, its kind for default parameters, for example cutpaste, or the name of a preset.
    out
        Dataset folder NAME.zarr; an interrupted one is continued.
    sources : folder or samples
        Annotated folder or dataset, where the recipe draws from annotated images.
    params
        Number of samples, seed and workers.

    Raises
    ------
    UserError
        If `out` contains something else, the recipe cannot be satisfied, or workers crash again on the same samples.
    """
    return (yield from draw_dataset.steps(as_recipe(recipe), as_samples(sources, params), Path(out), params))
