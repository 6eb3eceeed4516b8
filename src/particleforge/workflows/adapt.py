"""Find the samples of a recipe on which a detector does worst, to draw more like them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from particleforge.draws import fix
from particleforge.errors import UserError
from particleforge.recipes.any import as_recipe
from particleforge.recipes.neighbourhood.recipe import Neighbourhood
from particleforge.recipes.recipe import Recipe, make_sample
from particleforge.sample import Sample
from particleforge.seeds import stream
from particleforge.step import Progress, Step, run
from particleforge.store.annotated import as_samples
from particleforge.store.files import atomic_write
from particleforge.store.selection import Selection
from particleforge.verb import InPlace, verb

if TYPE_CHECKING:
    from particleforge.models.roles import Detector


class AdaptParams(Selection):
    """How to search for bad samples. The defaults are those of Trampert et al., Crystals 2021, 11, 258."""

    count: int = Field(1000, ge=2, le=1_000_000, description="Samples on which the detector is tested.")
    worst: float = Field(0.1, gt=0, le=1, description="Share of them, with the lowest scores, around which to draw.")
    spread: float = Field(
        0.1, ge=0, le=1, description="How far parameters may differ from theirs; see `neighbourhood`."
    )
    least_particles: int = Field(3, ge=1, description="Samples with fewer particles are ignored.")
    seed: int = Field(1, ge=0, description="Seed of the samples; should differ from that of the training set.")


def _report(neighbourhood: Neighbourhood, args: Mapping[str, Any]) -> dict[str, Any]:
    recipe = {"recipe": neighbourhood.model_dump(mode="json")}
    if not args.get("out"):  # nothing else, so that what is printed is a recipe
        return {"text": neighbourhood.to_yaml()} | recipe
    return {"file": str(args["out"]), "worst_samples": len(neighbourhood.around)} | recipe


@verb(_report)
def adapt(
    model: Path | str | Detector[Any],
    recipe: str | Path | Mapping[str, Any] | Recipe,
    out: Path | str | None = None,
    sources: Annotated[Path | str | Sequence[Sample], InPlace()] = (),
    params: AdaptParams = AdaptParams(),
) -> Step[Neighbourhood]:
    """Test a detector on samples of a recipe; return a recipe that draws close to its worst ones.

    Draw a dataset from it and continue training the model on it, to spend the training where it is needed. Samples are
    given to the detector at the scale it was trained on.

    Parameters
    ----------
    model : name, folder or detector
        Folder of the model to test, or base.
    recipe : name, file, plain data or Recipe
        A recipe: its YAML file, its kind for default parameters, or the name of a preset.
    out
        New YAML file for the recipe around the worst samples; without it the command prints it.
    sources : folder or samples
        Annotated folder, where the recipe draws from annotated images.
    params
        Number of samples, and share of bad ones.

    Raises
    ------
    UserError
        If the model cannot be read, `out` exists, or too few samples have enough particles.
    """
    from particleforge.models.opening import open_model
    from particleforge.quality.matching import score

    recipe, sources = as_recipe(recipe), as_samples(sources, params)
    if out is not None and Path(out).exists():
        raise UserError(f"{out} exists; nothing is overwritten.", "Choose another place, or delete it.")
    detector = open_model(model, "detector")
    options = detector.native_options()
    prepared = recipe.prepare(sources)
    scores: list[tuple[float, int]] = []
    for index in range(params.count):
        sample = make_sample(recipe, prepared, params.seed, index)
        if len(np.unique(sample.labels)) > params.least_particles:
            found = run(detector.steps(sample.micrograph, options))
            scores.append((score(sample.labels, found.labels, sample.known).f1, index))
        mean = np.mean([f1 for f1, _ in scores]) if scores else 0.0
        yield Progress(
            index + 1, params.count, f"mean F1 {mean:.3f} of {len(scores)} samples", sample.micrograph.pixels
        )
    if not scores:
        raise UserError(
            f"None of {params.count} samples has {params.least_particles} particles or more.",
            "Use more samples, or lower least_particles.",
        )
    bad = sorted(scores)[: max(1, round(params.worst * len(scores)))]
    around = tuple(fix(recipe, stream(params.seed, "fix", index)) for _, index in bad)
    neighbourhood = Neighbourhood.parse({"recipe": recipe, "around": around, "spread": params.spread})
    if out is not None:
        with atomic_write(Path(out)) as path:
            path.write_text(neighbourhood.to_yaml(), encoding="utf-8")
    return neighbourhood
