"""StarDist detectors: networks that outline star-convex particles."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from particleforge.errors import UserError
from particleforge.models.card import CHECKPOINT, Card, kept_f1
from particleforge.models.kind import ModelKind
from particleforge.models.stardist.options import StarDistOptions
from particleforge.models.stardist.train_params import TrainParams
from particleforge.plain_data import read_yaml
from particleforge.registry import Registry

if TYPE_CHECKING:
    from particleforge.models.stardist.model import StarDistModel
    from particleforge.models.training_params import TrainingParams
    from particleforge.models.training_set import TrainingSet
    from particleforge.recipes.recipe import Recipe
    from particleforge.step import Step

BASE = Path(__file__).parent / "base"
"""The bundled detector, trained on recipes only; the recipe and the settings are in the same folder."""

CONFIG, NOTE = "config.json", "particleforge.yaml"


class StarDistKind(ModelKind):
    """Detectors with a StarDist network, ours and those of the official package."""

    kind = "stardist"
    title = "StarDist"
    role = "detector"
    Training = TrainParams
    Options = StarDistOptions
    start = "base"
    exports = Registry("format for models", "particleforge.models.stardist.exports")
    bundled: ClassVar[Mapping[str, Path | None]] = {"base": BASE}

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        """Whether there is a configuration file as the official package writes it."""
        return (folder / CONFIG).is_file()

    @classmethod
    def finished(cls, folder: Path) -> bool:
        """Whether there are weights and no checkpoint."""
        return cls.recognises(folder) and not (folder / CHECKPOINT).is_file()

    @classmethod
    def source(cls, folder: Path) -> str:
        """Describe what it was trained on, also for older models without a card."""
        if Card.read(folder) is not None:
            return super().source(folder)
        if not (folder / NOTE).is_file():
            return "StarDist model"
        try:
            return ", ".join(read_yaml(folder / NOTE).get("provenance", {}).get("real", ())) or "recipes only"
        except (UserError, AttributeError, TypeError):  # a broken note is reported when the model is loaded
            return "StarDist model"

    @classmethod
    def scores(cls, folder: Path) -> dict[str, float]:
        """F1 on held-out annotated particles, at the lowest held-out loss, whose weights are kept."""
        return kept_f1(folder) or super().scores(folder)

    @classmethod
    def load(cls, folder: Path | None) -> StarDistModel:
        """Load a model folder, ours or an official one; see `StarDistModel.load`."""
        from particleforge.models.stardist.model import StarDistModel

        return StarDistModel.load(folder or BASE)

    @classmethod
    def methods(cls, name: str, source: str, model: StarDistModel, options: StarDistOptions) -> str:
        """Describe the network, its training, thresholds and scale; see `describe_methods`."""
        from particleforge.models.stardist.methods import describe_methods

        return describe_methods(name, model, options)

    @classmethod
    def rehearsal(cls, params: TrainingParams) -> Recipe | None:
        """Recipe the bundled detector was trained on; its particles have about the size they have at working scale."""
        if not isinstance(params, TrainParams) or not params.shapes_share:
            return None
        from particleforge.recipes.any import read_recipe

        return read_recipe(str(BASE / "recipe.yaml"))

    @classmethod
    def train(cls, data: TrainingSet, out: Path, params: TrainParams) -> Step[StarDistModel]:
        """Train a detector; see `train_stardist`."""
        began = time.monotonic()  # loading libraries takes seconds
        from particleforge.models.stardist.training import train_stardist

        return (yield from train_stardist(data, out, params, began))
