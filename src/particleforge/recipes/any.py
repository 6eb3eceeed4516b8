"""Every recipe there is, by the name in its YAML file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from particleforge.errors import UserError
from particleforge.params import read_yaml
from particleforge.recipes.aggregate.recipe import Aggregate
from particleforge.recipes.aggregate_scene import AggregateScene
from particleforge.recipes.cutpaste.recipe import CutPaste
from particleforge.recipes.groups import Groups
from particleforge.recipes.near import Near
from particleforge.recipes.recipe import Recipe
from particleforge.recipes.render.recipe import Render
from particleforge.recipes.shapes.recipe import Shapes
from particleforge.recipes.warp.recipe import Warp

KINDS: dict[str, type[Recipe]] = {
    cls.model_fields["kind"].default: cls
    for cls in (CutPaste, Shapes, Warp, Render, Aggregate, AggregateScene, Near, Groups)
}
PRESETS = {path.stem: path for path in Path(__file__).parent.glob("*/presets/*.yaml")}
"""Recipes that come along, by name."""


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
    """
    if text in KINDS:
        return KINDS[text].parse({})
    path = PRESETS.get(text, Path(text))
    if not path.exists():
        raise UserError(
            f"{text!r} is no recipe file and no kind of recipe.",
            f"Kinds are {', '.join(KINDS)}; presets {', '.join(sorted(PRESETS))}.",
        )
    return parse_recipe(read_yaml(path), text)


def parse_recipe(data: Mapping[str, Any], name: str = "The recipe") -> Recipe:
    """Recipe from plain data with its kind.

    Raises
    ------
    UserError
        If there is no such kind, or a parameter is wrong.
    """
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise UserError(f"{name}: kind is {kind!r}.", f"Kinds are {', '.join(KINDS)}.")
    return KINDS[kind].parse(data)


def about(name: str) -> str:
    """Say what a preset shows, as the first line of its file has it."""
    first = PRESETS[name].read_text(encoding="utf-8").partition("\n")[0]
    return first.removeprefix("#").strip() if first.startswith("#") else ""
