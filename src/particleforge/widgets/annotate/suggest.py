"""Suggestions: the image as the model gets it, and the particles it finds."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from particleforge.jobs.messages import Task
from particleforge.micrograph import Micrograph
from particleforge.store.labels import read_labels
from particleforge.store.micrographs import write_micrograph
from particleforge.widgets.annotate.edits import without_known
from particleforge.widgets.annotate.session import Session
from particleforge.widgets.scratch import Scratch
from particleforge.workflows.predict import predict

IMAGE, LABELS = "image.tif", "labels"
"""Names of the image written for the model, and of the folder of its results."""
GRACE_S = 1.0
"""A cancelled suggestion has no results to wait for."""


@dataclass(frozen=True, eq=False)
class Suggesting:
    """A session for which suggestions are being computed, and where these are written."""

    session: Session
    scratch: Scratch

    def task(self, model: str) -> Callable[[], Task]:
        """Return a function that writes the image for a model and returns the task."""
        return partial(_task, self.session.sample.micrograph, model, self.scratch.path)

    def found(self) -> npt.NDArray[np.uint32]:
        """Particles the model found beyond those already annotated."""
        return without_known(read_labels(self.scratch.path / LABELS / IMAGE), self.session.particles.data)


def _task(micrograph: Micrograph, model: str, scratch: Path) -> Task:
    """Write an image and return the task that finds its particles."""
    image = scratch / IMAGE
    write_micrograph(image, replace(micrograph, name=image.stem))
    return Task.of(predict, model=model, images=image, out=scratch / LABELS, grace_s=GRACE_S)
