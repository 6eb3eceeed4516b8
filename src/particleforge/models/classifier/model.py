"""A trained classifier in a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.models import roles
from particleforge.models.classifier.crops import Bytes, image_crops, particle_crops
from particleforge.models.classifier.kind import NOTE
from particleforge.models.classifier.networks.network import AnyNetwork
from particleforge.models.classifier.networks.unet import UNetNetwork
from particleforge.models.classifier.train_params import CropParams
from particleforge.models.roles import Classified
from particleforge.models.stored import read_weights, write_stored
from particleforge.models.weights import COPY
from particleforge.params import Params

if TYPE_CHECKING:
    from torch import nn


class Note(Params):
    """What a model stores besides its weights."""

    of: Literal["particles", "images"] = Field("particles", description="What gets a class.")
    classes: tuple[str, ...] = Field((), max_length=1000, description="Names of the classes.")
    network: AnyNetwork = Field(UNetNetwork(), description="The network.")
    crop: CropParams = Field(CropParams(), description="What the network sees.")
    held_out: dict[str, Any] = Field({}, description="Confusion of held-out particles and images.")
    provenance: dict[str, Any] = Field({}, description="What it was trained on and how.")


@dataclass(frozen=True, eq=False)
class ClassifierModel(roles.Classifier):
    """A trained network and everything needed to use it.

    Parameters
    ----------
    net
        The network.
    note
        How it is used.
    """

    net: nn.Module
    note: Note

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Load a model folder.

        Raises
        ------
        UserError
            If a file is missing or broken.
        """
        note = Note.from_yaml(folder / NOTE)
        if len(note.classes) < 2:
            raise UserError(f"{folder / NOTE} names {len(note.classes)} classes; at least two are needed.", COPY)
        return cls(read_weights(lambda: note.network.build(len(note.classes)), folder / NOTE), note)

    def save(self, folder: Path) -> None:
        """Write the model to a folder."""
        write_stored(self.net, self.note, folder / NOTE)

    @property
    def classes(self) -> tuple[str, ...]:  # type: ignore[override]
        """Names of the classes."""
        return self.note.classes

    @property
    def of(self) -> str:  # type: ignore[override]
        """What gets a class: images or particles."""
        return self.note.of

    @property
    def provenance(self) -> dict[str, Any]:  # type: ignore[override]
        """Plain data: what it was trained on and how."""
        return self.note.provenance

    def headline(self) -> dict[str, Any]:
        """Classes, and accuracies on the held-out images with their intervals."""
        lines: dict[str, Any] = {"classes": ", ".join(self.classes)}
        for what, found in self.note.held_out.items():
            within = [f"{found['interval'][0]:.2f} to {found['interval'][1]:.2f}"] if "interval" in found else []
            count = f"{sum(map(sum, found['counts']))} {what}"
            lines[f"accuracy_of_{what}"] = f"{found['accuracy']:.2f} ({', '.join([*within, count])})"
            lines[f"balanced_accuracy_of_{what}"] = round(found["balanced"], 3)
        return lines | ({"remark": self.provenance["remark"]} if self.provenance.get("remark") else {})

    def classify(self, image: npt.ArrayLike | Micrograph) -> dict[str, float]:
        """Probability of each class of an image, the likeliest first; see `Classifier`."""
        self._check("images", "`measure` with --classifier gives the particles their classes")
        found = self._probabilities(image_crops(Micrograph.of(image).grey, self.note.crop)).mean(0)
        return {self.classes[index]: float(found[index]) for index in np.argsort(-found, kind="stable")}

    def classify_particles(self, image: npt.ArrayLike | Micrograph, labels: npt.NDArray[Any]) -> Classified:
        """Probabilities of the classes of all particles of an image; see `Classifier`."""
        self._check("particles", "`classify` gives images their classes")
        grey = Micrograph.of(image).grey
        if grey.shape != labels.shape:
            raise UserError(f"The labels have shape {labels.shape}, the image has {grey.shape}; they must be equal.")
        ids, crops = particle_crops(grey, labels, self.note.crop)
        return Classified(self.classes, ids, self._probabilities(crops).astype(float))

    def _check(self, of: str, hint: str) -> None:
        if self.of != of:
            raise UserError(f"This is a classifier of {self.of}, not of {of}.", f"{hint}.")

    def _probabilities(self, crops: Bytes) -> npt.NDArray[np.floating]:
        from particleforge.models.classifier.task import probabilities

        return probabilities(self.net, crops)


def read_scores(folder: Path) -> dict[str, float]:
    """Accuracies on held-out images, from the note of a model; none if it cannot be read or there are none."""
    try:
        held_out = Note.from_yaml(folder / NOTE).held_out
        found = held_out.get("images") or {}
        return {name: float(found[name]) for name in ("accuracy", "balanced") if name in found}
    except (UserError, TypeError, AttributeError, ValueError):
        return {}
