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
    return {"dataset": str(args["out"]), "samples": len(dataset)}


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
        A recipe: its YAML file, its kind for default parameters, such as cutpaste, or the name of a ready one.
    out
        Dataset folder NAME.zarr; an interrupted one is continued.
    sources : folder or samples
        Annotated folder, where the recipe draws from annotated images.
    params
        Count, seed, workers.

    Raises
    ------
    UserError
        If `out` holds something else, the recipe cannot be fulfilled, or workers die on the same samples.
    """
    return (yield from draw_dataset.steps(as_recipe(recipe), as_samples(sources), Path(out), params))
