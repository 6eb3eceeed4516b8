"""Classes of the particles of images, from a classifier."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from pickle import PicklingError
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.models.opening import open_model

if TYPE_CHECKING:
    from particleforge.models.detections import Detections
    from particleforge.models.roles import Classifier


class ParticleClasses:
    """Gives the particles of images their classes.

    Parameters
    ----------
    model
        Folder of a classifier of particles, or a loaded one.

    Raises
    ------
    UserError
        If it cannot be read, or is a classifier of images.
    """

    def __init__(self, model: str | Path | Classifier) -> None:
        self._model = model
        self.classifier = open_model(model, "classifier")
        if self.classifier.of != "particles":
            raise UserError(
                f"{model} is a classifier of {self.classifier.of}; one of particles is needed here.",
                "`classify` gives images their classes.",
            )

    @classmethod
    def of(cls, model: str | Path | None) -> ParticleClasses | None:
        """Open a classifier if one is given."""
        return cls(model) if model else None

    def __reduce__(self) -> tuple[type[ParticleClasses], tuple[Any, ...]]:
        """Another process opens the model again; one that is only in memory stays in this one."""
        if not isinstance(self._model, (str, Path)):
            raise PicklingError("The classifier is not a folder.")
        return ParticleClasses, (self._model,)

    def __call__(self, grey: npt.NDArray[Any] | None, labels: npt.NDArray[Any]) -> Mapping[int, tuple[str, float]]:
        """Class of each particle with its probability, by label.

        Raises
        ------
        UserError
            If there is no image, or it contains pixels that are not finite.
        """
        if grey is None:
            raise UserError("A classifier needs the image of the particles.", "Give the images, or no classifier.")
        return self.classifier.classify_particles(grey, labels).likeliest


def recorded(classes: ParticleClasses | None) -> dict[str, Any]:
    """Return what is noted of a classifier with results."""
    return {} if classes is None else {"classifier": dict(classes.classifier.provenance)}


def classes_found(found: Detections) -> Mapping[int, tuple[str, float]] | None:
    """Class of each particle with its score, if the detector distinguishes classes."""
    if found.classes is None or len(set(found.classes)) < 2:
        return None
    return dict(enumerate(zip(found.classes, map(float, found.scores), strict=True), start=1))
