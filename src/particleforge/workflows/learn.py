"""Learn to find particles from a few annotated ones."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import AliasChoices, Field, model_validator

from particleforge.micrograph import Length, parse_length_nm
from particleforge.models.stardist.train_params import TrainParams
from particleforge.params import Params
from particleforge.recipes.cutpaste.recipe import CutPaste
from particleforge.recipes.recipe import Drawn
from particleforge.step import Progress, Step
from particleforge.store.annotated import read_annotated
from particleforge.store.run_folder import claim
from particleforge.verb import verb

if TYPE_CHECKING:
    from particleforge.models.stardist.model import StarDistModel

SHAPES = 400
"""Different domain-randomised samples; more are hardly seen within minutes."""
THRESHOLD_SECONDS = 6.0
"""What choosing thresholds after the training takes, kept free of the time asked for."""


class LearnParams(Params):
    """How to learn from annotated micrographs."""

    start: str = Field(
        "base",
        validation_alias=AliasChoices("start", "from"),
        description="Weights to start from: base (the detector that comes along), scratch, or the folder of a model.",
    )
    minutes: float = Field(5.0, gt=0, le=100_000, description="Time for all of it: growing the training set too.")
    seed: int = Field(0, ge=0, description="Seed of everything random.")
    pixel_size: Length | None = Field(
        None, description="Side of a pixel with its unit, such as '0.5 nm'; empty: what the image files say."
    )
    synthetic_per_image: int | None = Field(
        None, ge=0, le=100_000, description="Synthetic images per annotated one; empty: enough for about 60 in all."
    )
    recipe: CutPaste = Field(CutPaste(), description="How synthetic images are made from the annotated particles.")
    training: TrainParams = Field(TrainParams(), description="Network, schedule and augmentation.")

    @model_validator(mode="after")
    def _said_once(self) -> LearnParams:
        usual = TrainParams()
        if any(getattr(self.training, name) != getattr(usual, name) for name in ("start", "minutes", "seed")):
            raise ValueError("start, minutes and seed belong to learn itself, not into training")
        return self

    def synthetic_count(self, images: int) -> int:
        """How many synthetic images to draw from a number of annotated ones."""
        per_image = max(5, math.ceil(60 / images)) if self.synthetic_per_image is None else self.synthetic_per_image
        return images * per_image


@dataclass(frozen=True)
class Learned:
    """What came of learning."""

    model: StarDistModel
    path: Path
    particles: int
    images: int
    synthetic: int

    def report(self) -> dict[str, Any]:
        """Plain data for a person or JSON."""
        return {
            "model": str(self.path),
            "images": self.images,
            "particles": self.particles,
            "synthetic_images": self.synthetic,
            "prob_thresh": self.model.prob_thresh,
            "working_scale": self.model.working_scale,
        }


def _report(learned: Learned, _: Mapping[str, Any]) -> dict[str, Any]:
    return learned.report()


@verb(_report, resumable=True)
def learn(folder: Path | str, out: Path | str, params: LearnParams = LearnParams()) -> Step[Learned]:
    """Grow a training set from annotated particles and train a detector on it.

    An interrupted run with the same parameters is continued; after a tenth of the training its folder holds a
    usable model, the best so far.

    Parameters
    ----------
    folder
        Folder with images/NAME.*, labels/NAME.* and, where only a part is annotated, background/NAME.*.
    out
        Folder of the model; an interrupted run is continued.
    params
        Time, seed, recipe and training.

    Raises
    ------
    UserError
        If the annotation cannot be used, or `out` holds something else.
    """
    began = time.monotonic()
    folder, out = Path(folder), Path(out)
    yield Progress(0, 1, "Reading the annotated images")
    samples = read_annotated(folder)
    if params.pixel_size is not None:
        size_nm = parse_length_nm(params.pixel_size)
        samples = [replace(s, micrograph=s.micrograph.with_pixel_size(size_nm)) for s in samples]
    what = {"folder": str(folder.resolve()), "annotated": [sample.fingerprint() for sample in samples]}
    claim(out, what | params.model_dump(mode="json"))
    from particleforge.models.stardist.training import TrainingSet, base_recipe, hold_out, train_stardist

    train_on, held_out = hold_out(samples)
    count = params.synthetic_count(len(train_on))
    shapes = base_recipe() if params.training.shapes_share else None
    given = TrainingSet(
        real=train_on,
        synthetic=Drawn(params.recipe, params.recipe.prepare(train_on), params.seed, count) if count else (),
        shapes=Drawn(shapes, shapes.prepare(()), params.seed, SHAPES) if shapes else (),
        held_out=held_out,
    )
    left = params.minutes - (time.monotonic() - began + THRESHOLD_SECONDS) / 60
    training = params.training.replace(start=params.start, seed=params.seed, minutes=max(left, 0.25 * params.minutes))
    model = yield from train_stardist(given, out, training)
    particles = sum(len(np.unique(sample.labels[sample.labels > 0])) for sample in samples)
    return Learned(model, out, particles, len(samples), count)
