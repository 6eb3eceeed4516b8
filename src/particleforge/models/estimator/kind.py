"""Estimators: networks that estimate parameters of a recipe from images."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from particleforge.errors import UserError
from particleforge.models.estimator.train_params import EstimatorParams
from particleforge.models.kind import ModelKind
from particleforge.plain_data import read_yaml

if TYPE_CHECKING:
    from particleforge.models.estimator.model import Estimator
    from particleforge.models.training_set import TrainingSet
    from particleforge.step import Step

HETERO = Path(__file__).parent / "hetero"
"""The bundled estimator of hetero-aggregates; its recipe and training parameters are in the same folder."""
NOTE = "estimator.yaml"


class EstimatorKind(ModelKind):
    """Estimators of the parameters of recipes."""

    kind = "estimator"
    title = "Estimator"
    role = "estimator"
    Training = EstimatorParams
    bundled: ClassVar[Mapping[str, Path | None]] = {"hetero": HETERO}

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        """Whether the file that is written last exists."""
        return (folder / NOTE).is_file()

    @classmethod
    def finished(cls, folder: Path) -> bool:
        """Whether the file that is written last exists."""
        return cls.recognises(folder)

    @classmethod
    def scores(cls, folder: Path) -> dict[str, float]:
        """Mean absolute error of each parameter on held-out samples, from several images where there are any."""
        try:
            parts = read_yaml(folder / NOTE)["parts"]
            errors = {part["target"]["parameter"]: part["held_out"] for part in parts}
            return {name: held_out.get("together", held_out.get("per_image")) for name, held_out in errors.items()}
        except (UserError, KeyError, TypeError, AttributeError):
            return super().scores(folder)

    @classmethod
    def load(cls, folder: Path | None) -> Estimator:
        """Load a model folder; see `Estimator.load`."""
        from particleforge.models.estimator.model import Estimator

        return Estimator.load(folder or HETERO)

    @classmethod
    def train(cls, data: TrainingSet, out: Path, params: EstimatorParams) -> Step[Estimator]:
        """Train an estimator on datasets of one recipe; see `train_on`.

        Raises
        ------
        UserError
            If there are annotated images, whose parameters are not known, or datasets of several recipes.
        """
        from particleforge.models.estimator.training import train_on

        if len(data.real) or len(data.held_out):
            raise UserError(
                "An estimator is trained on samples whose parameters are known, not on annotated images.",
                "Give datasets NAME.zarr drawn from a single recipe.",
            )
        places, recipes = list(data.recipes), list(data.recipes.values())
        for place, recipe in data.recipes.items():
            if recipe != recipes[0]:
                raise UserError(
                    f"{place} was drawn from a different recipe than {places[0]}.", "Give datasets of a single recipe."
                )
        return (yield from train_on(data.synthetic, recipes[0] if recipes else {}, out, params))
