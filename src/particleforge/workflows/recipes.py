"""List and show the preset recipes."""

from pathlib import Path
from typing import Annotated, Any

from particleforge.errors import UserError
from particleforge.recipes.any import about, presets, read_recipe
from particleforge.step import Step
from particleforge.store.files import atomic_write
from particleforge.verb import InPlace, verb


@verb(lambda found, _: found)
def recipes(name: Annotated[str | None, InPlace()] = None, thumbnail: Path | str | None = None) -> Step[dict[str, Any]]:
    """List the preset recipes, or show one recipe.

    Parameters
    ----------
    name
        Recipe to show as YAML: a preset, a kind or a file; without it all presets are listed.
    thumbnail
        New PNG file for the first sample of the recipe.

    Returns
    -------
    dict
        A description of each preset by name; with a name, its YAML as ``text``; with a thumbnail, where it is.

    Raises
    ------
    UserError
        If there is no such recipe, or the file exists.
    """
    yield from ()
    if name is None and thumbnail is not None:
        raise UserError("A thumbnail needs the name of a recipe.", "For example: recipes soot --thumbnail soot.png")
    if name is None:
        return {ready: about(ready) for ready in sorted(presets())}
    if thumbnail is not None:
        return _draw(name, Path(thumbnail))
    recipe, ready = read_recipe(name), presets().get(name)
    return {"text": recipe.to_yaml() if ready is None else ready.read_text(encoding="utf-8")}


def _draw(name: str, out: Path) -> dict[str, Any]:
    if out.exists():
        raise UserError(f"{out} exists; nothing is overwritten.", "Choose another file.")
    import numpy as np
    from PIL import Image

    from particleforge.recipes.recipe import make_sample

    recipe = read_recipe(name)
    sample = make_sample(recipe, recipe.prepare([]), 0, 0)
    with atomic_write(out) as temporary:
        Image.fromarray(np.asarray(sample.micrograph.pixels)).save(temporary)
    return {"thumbnail": str(out), "particles": len(np.unique(sample.labels)) - 1}
