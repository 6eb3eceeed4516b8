"""Draw a dataset from a recipe."""

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

from pydantic import Field

from particleforge.errors import UserError
from particleforge.params import Params
from particleforge.recipes.recipe import Recipe, make_sample
from particleforge.sample import Sample
from particleforge.step import Progress, Step, stepwise
from particleforge.store.dataset import Dataset


class SynthesizeParams(Params):
    """How many samples to draw, and on how many processes."""

    count: int = Field(100, ge=1, le=10_000_000, description="Samples to draw.")
    seed: int = Field(0, ge=0, description="The same seed gives the same dataset, on any number of workers.")
    workers: int = Field(1, ge=1, le=256, description="Processes that draw samples.")
    samples_per_shard: int = Field(16, ge=1, le=4096, description="Samples stored in one file of the dataset.")


@dataclass(frozen=True)
class _Job:
    """What a worker needs to draw any shard."""

    recipe: Recipe
    material: Any
    seed: int
    path: Path


def _draw_shard(job: _Job, shard: int) -> Sample:
    """Draw and write one shard; return its last sample as a preview."""
    dataset = Dataset.open(job.path)
    samples = [make_sample(job.recipe, job.material, job.seed, i) for i in dataset.shard_range(shard)]
    dataset.write_shard(shard, samples)
    return samples[-1]


_job: _Job | None = None
"""The job of this worker process, sent once instead of with every shard."""


def _start_worker(job: _Job) -> None:
    global _job
    _job = job
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this worker if its parent was killed; a pool's workers wait for ever otherwise."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _draw_shard_in_worker(shard: int) -> Sample:
    if _job is None:
        raise RuntimeError("the worker was not started with a job")
    return _draw_shard(_job, shard)


def _draw_all(job: _Job, shards: Sequence[int], workers: int) -> Iterator[tuple[int, Sample]]:
    """Draw shards, here or in worker processes; yield each with its preview as it is done."""
    if workers == 1:
        for shard in shards:
            yield shard, _draw_shard(job, shard)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), _start_worker, (job,)) as pool:
        futures = {pool.submit(_draw_shard_in_worker, shard): shard for shard in shards}
        try:
            for future in as_completed(list(futures)):
                yield futures.pop(future), future.result()  # a future kept would keep its preview
        finally:
            pool.shutdown(cancel_futures=True)


@stepwise
def synthesize(
    recipe: Recipe, sources: Sequence[Sample], out: Path, params: SynthesizeParams = SynthesizeParams()
) -> Step[Dataset]:
    """Draw a dataset from a recipe; an interrupted one is continued.

    Parameters
    ----------
    recipe
        What to draw from.
    sources
        Annotated micrographs the recipe takes its material from.
    out
        The dataset folder, ``NAME.zarr``.
    params
        Count, seed, workers.

    Raises
    ------
    UserError
        If `out` holds something else, or the recipe cannot be fulfilled.
    """
    yield Progress(0, params.count, "Preparing the recipe")
    material = recipe.prepare(sources)
    shape, dtype = recipe.frame(material)
    meta = {
        "recipe": recipe.model_dump(mode="json"),
        "seed": params.seed,
        "sources": [sample.fingerprint() for sample in sources],
    }
    dataset = _create_or_continue(out, params, shape, dtype, meta)
    missing = dataset.missing_shards()
    done = len(dataset) - sum(len(dataset.shard_range(k)) for k in missing)
    yield Progress(done, len(dataset), "Drawing samples")
    job = _Job(recipe, material, params.seed, out)
    for shard, sample in _draw_all(job, missing, min(params.workers, max(len(missing), 1))):
        done += len(dataset.shard_range(shard))
        yield Progress(done, len(dataset), f"{done} of {len(dataset)} samples", sample)
    return dataset


def _create_or_continue(
    out: Path, params: SynthesizeParams, shape: tuple[int, int], dtype: Any, meta: dict[str, Any]
) -> Dataset:
    if not out.exists() or (out.is_dir() and not os.listdir(out)):
        return Dataset.create(out, params.count, shape, dtype, meta, params.samples_per_shard)
    dataset = Dataset.open(out)
    if dataset.meta != meta or len(dataset) != params.count:
        raise UserError(
            f"{out} exists and holds another dataset ({len(dataset)} samples, seed {dataset.meta.get('seed')}).",
            "Choose another place, or remove it.",
        )
    return dataset
