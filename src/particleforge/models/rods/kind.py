"""Detectors of rods: straight or bent ones, also those that cross others, each with its whole outline."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from particleforge.models.card import CHECKPOINT, kept_f1
from particleforge.models.kind import ModelKind
from particleforge.models.rods.options import RodsOptions
from particleforge.models.rods.train_params import RodsTraining
from particleforge.registry import Registry

if TYPE_CHECKING:
    from particleforge.models.rods.model import RodsModel
    from particleforge.models.training_params import TrainingParams
    from particleforge.models.training_set import TrainingSet
    from particleforge.recipes.recipe import Recipe
    from particleforge.step import Step

BASE = Path(__file__).parent / "base"
"""The bundled detector, trained on recipes only; the recipe and the settings are in the same folder."""


NOTE, WEIGHTS = "rods.yaml", "weights.pt"


class RodsKind(ModelKind):
    """Detectors of whole rods."""

    kind = "rods"
    title = "Rods"
    role = "detector"
    Training = RodsTraining
    Options = RodsOptions
    start = "rods"
    exports = Registry("format for models", "particleforge.models.rods.exports")
    bundled: ClassVar[Mapping[str, Path | None]] = {"rods": BASE}

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        """Whether the file that is written last exists."""
        return (folder / NOTE).is_file()

    @classmethod
    def finished(cls, folder: Path) -> bool:
        """Whether there are weights and no checkpoint."""
        return cls.recognises(folder) and not (folder / CHECKPOINT).is_file()

    @classmethod
    def scores(cls, folder: Path) -> dict[str, float]:
        """F1 of whole rods on held-out annotated images, at the lowest held-out loss, whose weights are kept."""
        return kept_f1(folder) or super().scores(folder)

    @classmethod
    def load(cls, folder: Path | None) -> RodsModel:
        """Load a model folder; see `RodsModel.load`."""
        from particleforge.models.rods.model import RodsModel

        return RodsModel.load(folder or BASE)

    @classmethod
    def rehearsal(cls, params: TrainingParams) -> Recipe | None:
        """Recipe the bundled detector was trained on; its rods have about the size they have at working scale."""
        if not isinstance(params, RodsTraining) or not params.shapes_share:
            return None
        from particleforge.recipes.any import read_recipe

        return read_recipe(str(BASE / "recipe.yaml"))

    @classmethod
    def train(cls, data: TrainingSet, out: Path, params: RodsTraining) -> Step[RodsModel]:
        """Train a detector; see `train_rods`."""
        began = time.monotonic()  # loading libraries takes seconds
        from particleforge.models.rods.training import train_rods

        return (yield from train_rods(data, out, params, began))
