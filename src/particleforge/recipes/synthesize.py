"""Draw a dataset from a recipe."""

import warnings
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import Field

from particleforge.compute import Executor, Lost, Workers
from particleforge.errors import UserError
from particleforge.recipes.recipe import Recipe, make_sample
from particleforge.sample import Sample
from particleforge.step import Progress, Step, stepwise
from particleforge.store.annotated import remarks_on
from particleforge.store.dataset import Dataset
from particleforge.store.files import LOCK, is_free, remove_parts
from particleforge.store.run_folder import locked
from particleforge.store.selection import Selection

TRIES = 3
"""Number of workers that may die on the same samples."""


class SynthesizeParams(Workers, Selection):
    """Number of samples to draw, and where."""

    count: int = Field(100, ge=1, le=10_000_000, title="Samples", description="Number of samples to draw.")
    seed: int = Field(0, ge=0, description="The same seed gives the same dataset, on any number of workers.")
    samples_per_shard: int = Field(16, ge=1, le=4096, description="Number of samples per file of the dataset.")


@dataclass(frozen=True)
class _Job:
    """What a worker needs to draw any shard."""

    recipe: Recipe
    prepared: Any
    seed: int
    path: Path


def _draw_shard(job: _Job, shard: int) -> Sample:
    """Draw and write one shard; return its last sample as a preview."""
    dataset = Dataset.open(job.path)
    samples = [make_sample(job.recipe, job.prepared, job.seed, i) for i in dataset.shard_range(shard)]
    dataset.write_shard(shard, samples)
    return samples[-1]


@stepwise
def draw_dataset(
    recipe: Recipe, sources: Sequence[Sample], out: Path, params: SynthesizeParams = SynthesizeParams()
) -> Step[Dataset]:
    """Draw a dataset from a recipe; an interrupted run is continued.

    Parameters
    ----------
    recipe
        What to draw from.
    sources
        Annotated micrographs that the recipe draws from.
    out
        The dataset folder, ``NAME.zarr``.
    params
        Count, seed, workers.

    Raises
    ------
    UserError
        If `out` contains something else, the recipe cannot be satisfied, or workers keep dying on the same samples.

    Warns
    -----
    RuntimeWarning
        For each worker that died, and for files that are missing or empty although their samples were drawn; these
        samples are drawn again.
    """
    yield Progress(0, params.count, "Preparing the recipe")
    prepared = recipe.prepare(sources)
    shape, dtype = recipe.frame(prepared)
    meta = {
        "recipe": recipe.model_dump(mode="json"),
        "seed": params.seed,
        "sources": [sample.fingerprint() for sample in sources],
    }
    if remarks := remarks_on(sources):
        meta["remarks"] = remarks
    create = partial(
        Dataset.create, out, params.count, shape, dtype, meta, params.samples_per_shard, recipe.sample_schema(prepared)
    )
    with locked(out):
        dataset = _create_or_continue(out, params, meta, create)
        yield from _draw(dataset, _Job(recipe, prepared, params.seed, out), params.executor([out, out / LOCK]))
    return dataset


def _draw(dataset: Dataset, job: _Job, executor: Executor) -> Step[None]:
    """Draw the samples that are missing, or whose files are lost."""
    if gone := dataset.lost_shards():
        yield Progress(0, len(dataset), _warn_of_lost(dataset, gone))
    missing = dataset.missing_shards()
    done = len(dataset) - sum(len(dataset.shard_range(k)) for k in missing)
    yield Progress(done, len(dataset), "Drawing samples")
    lost = False
    with closing(executor.each(partial(_draw_shard, job), missing)) as outcomes:
        for shard, drawn in outcomes:
            if isinstance(drawn, Lost):
                lost = True
                yield Progress(done, len(dataset), _warn(drawn, dataset.shard_range(shard)))
                continue
            done += len(dataset.shard_range(shard))
            yield Progress(done, len(dataset), f"{done} of {len(dataset)} samples", drawn)
    if lost:
        remove_parts(job.path)


def _warn_of_lost(dataset: Dataset, shards: Sequence[int]) -> str:
    """Warn of files that were written and are no longer there; return the warning as one line."""
    samples = sum(len(dataset.shard_range(k)) for k in shards)
    first = dataset.shard_range(shards[0])
    message = (
        f"{dataset.path}: files of {samples} samples are missing or empty, for example of samples {first[0]} to "
        f"{first[-1]}; they will be drawn again."
    )
    warnings.warn(message, RuntimeWarning, stacklevel=2)
    return message


def _warn(lost: Lost, samples: range) -> str:
    """Warn of a worker that died; return the warning as one line.

    Raises
    ------
    UserError
        If too many have died on these samples.
    """
    what = f"A worker process {lost} while drawing samples {samples[0]} to {samples[-1]}"
    if lost.times >= TRIES:
        raise UserError(
            f"{what}, like {lost.times - 1} before it.",
            "Memory may have run out: use fewer workers or smaller images. The samples drawn so far are kept; "
            "run the same command again to continue.",
        )
    message = f"{what}; they will be drawn again."
    warnings.warn(message, RuntimeWarning, stacklevel=2)
    return message


def _create_or_continue(
    out: Path, params: SynthesizeParams, meta: dict[str, Any], create: Callable[[], Dataset]
) -> Dataset:
    if is_free(out):
        return create()
    dataset = Dataset.open(out)
    if dataset.meta != meta or len(dataset) != params.count:
        raise UserError(
            f"{out} already contains another dataset ({len(dataset)} samples, seed {dataset.meta.get('seed')}).",
            "Choose another folder, or delete this one.",
        )
    remove_parts(out)
    return dataset
