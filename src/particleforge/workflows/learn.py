"""Learn to find particles from a few annotated ones."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import AliasChoices, Field, field_validator, model_validator

from particleforge.errors import UserError
from particleforge.micrograph import GivenPixelSize
from particleforge.models.kind import MODELS
from particleforge.models.training import begin_training, train_model
from particleforge.models.training_params import TRAININGS, AnyTraining
from particleforge.models.training_set import TrainingSet, spare
from particleforge.recipes.any import RECIPES, AnyRecipe
from particleforge.recipes.recipe import Drawn
from particleforge.sample import Sample
from particleforge.step import Progress, Step
from particleforge.store.annotated import remarks_on
from particleforge.store.classified import read_examples
from particleforge.store.project import ANNOTATIONS, Project
from particleforge.store.run_folder import claim, locked
from particleforge.store.selection import Selection
from particleforge.store.teaching import read_teaching
from particleforge.verb import InPlace, verb
from particleforge.wording import plural

if TYPE_CHECKING:
    from particleforge.models.roles import Model

DEFAULT_RECIPE = "cutpaste"
"""Kind of recipe if none is given."""
REHEARSED = (40, 400)
"""Least and largest number of rehearsal samples; drawing one costs as much as a third of a training step."""
LEAST_STEPS = 60
"""Training steps that are done even if the time is over, half of what a minute is enough for on two idle cores."""
LEAST_TRAINING = 0.25
"""Smallest share of the time for the training, where reading took nearly all of it."""


class LearnParams(Selection, GivenPixelSize):
    """How to learn from annotated micrographs."""

    start: str = Field(
        "",
        validation_alias=AliasChoices("start", "from"),
        description="Weights to start from: scratch, a bundled model such as base, or the folder of a model; empty: "
        "the bundled model of this kind if there is one.",
    )
    minutes: float = Field(
        5.0,
        gt=0,
        le=100_000,
        description="Total time, with the generation of the training set and the choice of thresholds.",
    )
    seed: int = Field(0, ge=0, description="Seed of everything random.")
    synthetic_per_image: int | None = Field(
        None,
        ge=0,
        le=100_000,
        description="Synthetic images per annotated image; empty: enough for about 60 in total.",
    )
    recipe: AnyRecipe = Field(
        RECIPES.parse(DEFAULT_RECIPE), description="How synthetic images are made from the annotated particles."
    )
    training: AnyTraining = Field(TRAININGS.parse({}), description="Kind of model, network, schedule and augmentation.")

    @field_validator("recipe", mode="before")
    @classmethod
    def _default_recipe(cls, given: Any) -> Any:
        return {"kind": DEFAULT_RECIPE, **given} if isinstance(given, Mapping) else given

    @model_validator(mode="after")
    def _given_once(self) -> LearnParams:
        given = {name for name in ("start", "minutes", "seed") if self.training.differs(name)}
        if given:
            raise ValueError("give start, minutes and seed as parameters of learn, not of training")
        return self

    def synthetic_count(self, images: int) -> int:
        """Return the number of synthetic images for a number of annotated ones."""
        per_image = max(5, math.ceil(60 / images)) if self.synthetic_per_image is None else self.synthetic_per_image
        return images * per_image

    @property
    def rehearsed(self) -> int:
        """Number of rehearsal samples."""
        return int(np.clip(round(40 * self.minutes), *REHEARSED))


@dataclass(frozen=True)
class Learned:
    """Result of learning."""

    model: Model
    path: Path
    particles: int
    images: int
    synthetic: int
    remarks: tuple[str, ...] = ()

    def report(self) -> dict[str, Any]:
        """Plain data for text output or JSON."""
        return {
            "model": str(self.path),
            "images": self.images,
            "particles": self.particles,
            "synthetic_images": self.synthetic,
            **self.model.headline(),
            **({"remarks": " ".join(self.remarks)} if self.remarks else {}),
        }


def _report(learned: Learned, _: Mapping[str, Any]) -> dict[str, Any]:
    return learned.report()


@verb(_report, resumable=True)
def learn(
    folder: Annotated[Path | str | None, InPlace()] = None,
    out: Path | str | None = None,
    params: LearnParams = LearnParams(),
    project: Path | str | None = None,
) -> Step[Learned]:
    """Generate a training set from annotated particles and train a model on it.

    An interrupted run with the same parameters is continued. Long before the end its folder contains a
    usable model, the best so far.

    Parameters
    ----------
    folder
        Folder with images/NAME.*, labels/NAME.* (or selections of ImageJ, NAME.zip) and, for partly annotated images,
        background/NAME.*; or a dataset NAME.zarr.
    out
        Folder of the model, in a project its name among its models; an interrupted run is continued.
    params
        Time, seed, recipe and training.
    project
        Folder of a project in place of the annotated folder: those of its images that are to teach are learned from.

    Raises
    ------
    UserError
        If the annotations cannot be used, or `out` contains something else.
    """
    began = time.monotonic()
    place, name, out, read = _from(folder, out, params, project)
    yield Progress(0, 1, "Reading the annotated images")
    samples = read()
    if params.pixel_size_nm is not None:
        samples = [replace(s, micrograph=s.micrograph.with_pixel_size(params.pixel_size_nm)) for s in samples]
    what = {"folder": str(place.resolve()), "annotated": [sample.fingerprint() for sample in samples]}
    with locked(out):
        claim(out, what | params.model_dump(mode="json"))
        begin_training(out, params.training, f"{name}, {plural(len(samples), 'image')}")

        kind = MODELS.get(params.training.kind)
        train_on, held_out = kind.hold_out(samples, params.training)
        train_on, spared = (train_on, []) if held_out else spare(train_on)
        count = params.synthetic_count(len(train_on))
        rehearsal = kind.rehearsal(params.training)
        given = TrainingSet(
            real=train_on,
            synthetic=Drawn(params.recipe, params.recipe.prepare(train_on), params.seed, count) if count else (),
            rehearsal=Drawn(rehearsal, rehearsal.prepare(()), params.seed, params.rehearsed) if rehearsal else (),
            held_out=held_out,
            spared=spared,
            recipes={"": params.recipe.model_dump(mode="json")} if count else {},
        )
        left = max(params.minutes - (time.monotonic() - began) / 60, LEAST_TRAINING * params.minutes)
        budget = {"start": params.start or kind.start, "seed": params.seed, "minutes": left}
        if not params.training.differs("least_steps"):
            budget["least_steps"] = min(LEAST_STEPS, round(60 * params.minutes))
        yield Progress(0, 1, "Loading what training needs")
        model = yield from train_model(given, out, params.training.given(budget))
        particles = sum(len(np.unique(sample.labels[sample.labels > 0])) for sample in samples)
        return Learned(model, out, particles, len(samples), count, tuple(remarks_on(samples)))


def _from(
    folder: Path | str | None, out: Path | str | None, params: Selection, project: Path | str | None
) -> tuple[Path, str, Path, Callable[[], list[Sample]]]:
    """Folder of annotations, its name for people, the folder of the model, and how the annotations are read."""
    hint = "Give an annotated folder or a project, and out."
    if folder is not None and project is not None:
        raise UserError("A project has its own annotations.", hint)
    if out is None or (folder is None and project is None):
        raise UserError(f"The argument {'out' if out is None else 'folder'} is missing.", hint)
    if project is None:
        place = Path(str(folder))
        return place, place.name, Path(out), partial(read_examples, place, params)
    opened = Project(project)
    return opened.folder / ANNOTATIONS, opened.folder.name, opened.model(str(out)), partial(read_teaching, opened)
