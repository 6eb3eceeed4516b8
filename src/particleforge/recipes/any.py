"""All recipes, by kind or by name."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator

from particleforge.errors import UserError, suggestion
from particleforge.plain_data import read_yaml
from particleforge.recipes.recipe import Recipe
from particleforge.registry import Kinds

RECIPES = Kinds(Recipe, module="recipe")


@cache
def presets() -> dict[str, Path]:
    """Ready recipes by name: YAML files in the folder ``presets`` next to each recipe, those of packages included."""
    folders = filter(None, map(RECIPES.folder, RECIPES.names()))
    found = [path for folder in folders for path in sorted(folder.glob("presets/*.yaml"))]
    return {path.stem: path for path in reversed(found)}  # of two with the same name the first, which is ours


def about(name: str) -> str:
    """Return what the first line of a preset's file states: what it shows."""
    first = presets()[name].read_text(encoding="utf-8").partition("\n")[0]
    return first.removeprefix("#").strip() if first.startswith("#") else ""


def read_recipe(text: str) -> Recipe:
    """Recipe from a YAML file, or one with default parameters by its kind.

    Parameters
    ----------
    text
        Path of a YAML file with a line such as ``kind: cutpaste``, or just ``cutpaste``, or the name of a preset.

    Raises
    ------
    UserError
        If there is no such file or kind, or a parameter is wrong.

    Examples
    --------
    >>> import particleforge as pf
    >>> pf.read_recipe("shapes").kind
    'shapes'
    """
    return parse_recipe(_data(text), text)


def parse_recipe(data: Mapping[str, Any], name: str = "The recipe") -> Recipe:
    """Recipe from plain data with its kind.

    Raises
    ------
    UserError
        If there is no such kind, a parameter is wrong, or a file contains itself.
    """
    kind = data.get("kind")
    if kind not in RECIPES:
        raise UserError(f"{name}: {kind!r} is not a kind of recipe.", suggestion(kind, RECIPES.names()))
    return RECIPES.parse(data)


def as_recipe(given: str | Path | Mapping[str, Any] | Recipe) -> Recipe:
    """Recipe from a file, kind or name, from plain data, or a recipe itself.

    Raises
    ------
    UserError
        As `read_recipe` and `parse_recipe`.
    """
    if isinstance(given, Recipe):
        return given
    return parse_recipe(given) if isinstance(given, Mapping) else read_recipe(str(given))


def _data(text: str) -> dict[str, Any]:
    if text in RECIPES:
        return {"kind": text}
    path = presets().get(text, Path(text))
    if not path.exists():
        raise UserError(
            f"{text!r} is not a recipe file, a kind of recipe or a preset.",
            suggestion(text, [*RECIPES.names(), *sorted(presets())]),
        )
    return read_yaml(path)


def _given(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return _data(value)
    except UserError as error:
        raise ValueError(str(error)) from error


AnyRecipe: TypeAlias = Annotated[Recipe, RECIPES, BeforeValidator(_given)]
"""A recipe as a parameter of another: plain data with its kind, or what `read_recipe` takes."""
