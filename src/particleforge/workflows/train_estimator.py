"""Learn to estimate the parameters of a recipe from its images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from particleforge.errors import UserError
from particleforge.models.estimator.train_params import EstimatorParams
from particleforge.sample import Joined
from particleforge.step import Progress, Step
from particleforge.store.dataset import Dataset
from particleforge.store.run_folder import claim
from particleforge.verb import verb

if TYPE_CHECKING:
    from particleforge.models.estimator.model import Estimator


def _report(model: Estimator, args: Mapping[str, Any]) -> dict[str, Any]:
    errors = {
        part.target.parameter: part.held_out.get("together", part.held_out.get("per_image")) for part in model.parts
    }
    lines = {f"error of {name}": None if error is None else round(error, 4) for name, error in errors.items()}
    return {"model": str(args["out"]), **lines}


@verb(_report, resumable=True)
def train_estimator(
    datasets: Sequence[Path | str], out: Path | str, params: EstimatorParams = EstimatorParams()
) -> Step[Estimator]:
    """Learn to tell parameters of a recipe from images; an interrupted run with the same inputs is continued.

    Parameters
    ----------
    datasets
        Datasets NAME.zarr, all drawn from the same recipe.
    out
        Folder of the model; an interrupted run is continued.
    params
        Targets, budget and settings.

    Raises
    ------
    UserError
        If a dataset cannot be read or lacks a target, recipes differ, or `out` holds something else.
    """
    yield Progress(0, 1, "Reading what to learn from")
    paths, out = [Path(path) for path in datasets], Path(out)
    opened = [Dataset.open(path) for path in paths]
    recipes = [dataset.meta.get("recipe", {}) for dataset in opened]
    for path, recipe in zip(paths, recipes, strict=True):
        if recipe != recipes[0]:
            raise UserError(f"{path} was drawn from another recipe than {paths[0]}.", "Give datasets of one recipe.")
    claim(out, {"datasets": [str(path.resolve()) for path in paths]} | params.model_dump(mode="json"))
    from particleforge.models.estimator.training import train_on

    return (yield from train_on(Joined(opened), recipes[0] if recipes else {}, out, params))
