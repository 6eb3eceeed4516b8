"""Sets that are recipes: samples are drawn of them first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from particleforge.compute import Workers
from particleforge.recipes.any import RECIPES, as_recipe, presets
from particleforge.recipes.synthesize import SynthesizeParams, draw_dataset
from particleforge.step import Step, part
from particleforge.store.files import new_part

SUFFIXES = (".yaml", ".yml")


def is_recipe(given: Path | str) -> bool:
    """Whether a set is a recipe: a YAML file, or the name of a kind or preset that is not a path, too."""
    path = Path(given)
    return path.suffix.lower() in SUFFIXES or (not path.exists() and (str(given) in RECIPES or str(given) in presets()))


def draw_recipes(sets: Mapping[str, Path | str], out: Path, count: int, workers: Workers) -> Step[dict[str, Path]]:
    """Draw a dataset of each set that is a recipe; an interrupted run is continued.

    Returns
    -------
    dict
        The datasets, and the other sets as they are.

    Raises
    ------
    UserError
        If a recipe is not valid or cannot be drawn.
    """
    found = {name: Path(given) for name, given in sets.items()}
    recipes = [name for name, given in sets.items() if is_recipe(given)]
    params = SynthesizeParams(count=count, **{name: getattr(workers, name) for name in Workers.model_fields})
    for done, name in enumerate(recipes):
        path = new_part(out, "drawn") / f"{name}.zarr"
        step = draw_dataset.steps(as_recipe(sets[name]), (), path, params)
        yield from part(step, done / len(recipes), (done + 1) / len(recipes))
        found[name] = path
    return found
