"""Classifiers: networks that recognise classes of images or of particles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from particleforge.models.classifier.train_params import ClassifierParams
from particleforge.models.kind import StoredKind

if TYPE_CHECKING:
    from particleforge.models.classifier.model import ClassifierModel
    from particleforge.models.training_set import TrainingSet
    from particleforge.sample import Sample
    from particleforge.step import Step

NOTE = "classifier.yaml"


class ClassifierKind(StoredKind):
    """Networks that recognise the class of an image, or of each particle."""

    kind = "classifier"
    note = NOTE
    title = "Classifier"
    role = "classifier"
    Training = ClassifierParams

    @classmethod
    def scores(cls, folder: Path) -> dict[str, float]:
        """Accuracy and balanced accuracy on the held-out images, if there are any."""
        from particleforge.models.classifier.model import read_scores

        return read_scores(folder) or super().scores(folder)

    @classmethod
    def load(cls, folder: Path | None) -> ClassifierModel:
        """Load a model folder; see `ClassifierModel.load`."""
        from particleforge.models.classifier.model import ClassifierModel

        if folder is None:
            raise RuntimeError("a classifier is in a folder")
        return ClassifierModel.load(folder)

    @classmethod
    def hold_out(cls, samples: Sequence[Sample], params: ClassifierParams) -> tuple[list[Sample], list[Sample]]:  # type: ignore[override]
        """Keep a share of the images of each class for validation; see `hold_out_groups`."""
        from particleforge.models.classifier.examples import hold_out_groups

        return hold_out_groups(samples, params)

    @classmethod
    def train(cls, data: TrainingSet, out: Path, params: ClassifierParams) -> Step[ClassifierModel]:
        """Train a classifier; see `train_classifier`."""
        from particleforge.models.classifier.training import train_classifier

        return (yield from train_classifier(data, out, params))
