"""Digital shadows of the workspace, and the descriptors of recipes to compare them with."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from particleforge.errors import UserError
from particleforge.plain_data import read_json
from particleforge.recipes.aggregate.recipe import Aggregate
from particleforge.step import run
from particleforge.widgets.workspace import RESULTS, workspace
from particleforge.workflows.shadow import SUMMARY, TABLE, grow

COMPARED = 300
"""Number of aggregates of a recipe that a shadow is compared with."""


def shadows() -> list[Path]:
    """Folders of shadows, latest first."""
    found = (workspace() / RESULTS).glob(f"[!.]*/{TABLE}")
    return [path.parent for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)]


def read_descriptors(folder: Path) -> pd.DataFrame:
    """Descriptors of a shadow's aggregates.

    Raises
    ------
    UserError
        If they cannot be read.
    """
    try:
        return pd.read_csv(folder / TABLE)
    except (OSError, ValueError) as error:
        raise _broken(folder / TABLE) from error


def read_recipe_of(folder: Path) -> Aggregate:
    """Recipe a shadow was grown from.

    Raises
    ------
    UserError
        If it cannot be read.
    """
    try:
        recipe = read_json(folder / SUMMARY)["recipe"]
    except (UserError, TypeError, KeyError) as error:
        raise _broken(folder / SUMMARY) from error
    return Aggregate.parse(recipe)


def grown_descriptors(recipe: Aggregate, outdated: Callable[[], bool]) -> pd.DataFrame:
    """Descriptors of aggregates of a recipe.

    Raises
    ------
    UserError
        If most draws give no aggregate.
    Cancelled
        Once `outdated()` is true.
    """
    return run(grow.steps(recipe, COMPARED, 0), cancelled=outdated)[0]


def _broken(path: Path) -> UserError:
    return UserError(f"{path} cannot be read.", "Grow the shadow again, or choose another one.")
