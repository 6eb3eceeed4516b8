"""Recipes that need no annotated images: ready-made ones with a thumbnail, and those in files."""

from dataclasses import dataclass
from pathlib import Path

from particleforge.errors import UserError
from particleforge.plain_data import read_yaml
from particleforge.recipes.any import about, parse_recipe, presets
from particleforge.recipes.recipe import Recipe
from particleforge.store.files import atomic_write


@dataclass(frozen=True)
class Ready:
    """A ready-made recipe."""

    name: str

    @property
    def about(self) -> str:
        """What it shows."""
        return about(self.name)

    @property
    def thumbnail(self) -> Path:
        """Its thumbnail, next to its file; ``docs/make_thumbnails.py`` draws the built-in ones."""
        return presets()[self.name].with_suffix(".jpg")


def ready_recipes(kind: str = "") -> list[Ready]:
    """Return the recipes of this and other packages: all, or those of one kind."""
    return [Ready(name) for name, path in sorted(presets().items()) if not kind or path.parts[-3] == kind]


def open_recipe(path: Path) -> Recipe:
    """Recipe from a YAML file.

    Raises
    ------
    UserError
        If it cannot be read, a parameter is wrong, or it draws from annotated images.
    """
    recipe = parse_recipe(read_yaml(path), path.name)
    if recipe.innermost.takes_annotated:
        raise UserError(
            f"{path.name} draws from annotated images (kind: {recipe.innermost.kind}).",
            "Use Augment, or choose another recipe.",
        )
    return recipe


def save_recipe(recipe: Recipe, path: Path) -> None:
    """Write a recipe as YAML; an existing file is overwritten.

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    if not path.parent.is_dir():
        raise UserError(f"There is no folder {path.parent}.", "Save the recipe in an existing folder.")
    with atomic_write(path) as temporary:
        temporary.write_text(recipe.to_yaml(), encoding="utf-8")
