"""Detectors of rods: straight or bent ones, also those that cross others, each with its whole outline."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from particleforge.models.card import kept_f1
from particleforge.models.kind import StoredKind
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


NOTE = "rods.yaml"


class RodsKind(StoredKind):
    """Detectors of whole rods."""

    kind = "rods"
    note = NOTE
    title = "Rods"
    role = "detector"
    Training = RodsTraining
    Options = RodsOptions
    start = "rods"
    exports = Registry("format for models", "particleforge.models.rods.exports")
    bundled: ClassVar[Mapping[str, Path | None]] = {"rods": BASE}

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
    def methods(cls, name: str, source: str, model: RodsModel, options: RodsOptions) -> str:
        """Describe the network, its training, the threshold, and what its partner does."""
        partner, trained = model.note.partner, f", trained on {source}" if source else ""
        called = f" (model {name})" if name else ""
        least = options.prob_thresh or model.note.prob_thresh
        sentences = [
            f"Rods were found by a U-Net that describes the rod at each of its points{called}{trained}; their middle "
            f"lines were followed from point to point. The smallest probability was {least:.2g}."
        ]
        if partner and not options.rods_only:
            sentences.append(f"The scale and all other particles were found by the detector {partner}.")
        elif partner and options.scale is None and options.diameter is None:
            sentences.append(f"The scale was found by the detector {partner}.")
        return " ".join(sentences)

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
