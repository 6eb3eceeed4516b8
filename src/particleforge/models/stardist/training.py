"""From annotated samples to a StarDist model in a folder."""

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from skimage.measure import regionprops_table

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.models.card import CHECKPOINT
from particleforge.models.detector_data import KEEP_PX, DetectorData, provenance_of
from particleforge.models.detector_task import Watch
from particleforge.models.opening import open_model, shadow_line
from particleforge.models.patches import Source
from particleforge.models.scales import plan_scales
from particleforge.models.stardist.config import SMALL
from particleforge.models.stardist.kind import NOTE
from particleforge.models.stardist.model import StarDistModel
from particleforge.models.stardist.network import StarDistNet
from particleforge.models.stardist.thresholds import choose_thresholds, default_f1, find_objects, piece
from particleforge.models.stardist.times import divide
from particleforge.models.stardist.train import train_network
from particleforge.models.stardist.train_params import TrainParams
from particleforge.models.training_set import TrainingSet
from particleforge.sample import Sample
from particleforge.step import Progress, Step, part

JUDGED = 4
"""Number of held-out images scored at each validation."""
PREVIEW_PX = 256
"""Side of the preview shown during training, at working scale."""


def train_stardist(
    samples: TrainingSet, out: Path, params: TrainParams, began: float | None = None
) -> Step[StarDistModel]:
    """Train a StarDist network at a working scale that suits the particles, choose thresholds, save the model.

    Parameters
    ----------
    samples
        Training data.
    out
        Folder of the model. An interrupted training in it is continued; from the first validation on it holds the
        best weights so far, with default thresholds.
    params
        Budget and settings.
    began
        Reading of `time.monotonic` at which the time given began; None: now.

    Raises
    ------
    UserError
        If no particle is labelled, there is no budget, the weights to start from cannot be read, or `out` holds a
        finished model.
    """
    began = time.monotonic() if began is None else began
    _refuse_finished(out)
    params.check_budget()
    real, synthetic = samples.real, samples.synthetic
    for line in shadow_line(params.start).values():
        yield Progress(0, 1, line)
    start = None if params.start == "scratch" else _starting(params.start)
    plan = plan_scales(real or synthetic[:32], params.diameter_px)
    if not params.normalize_scale:
        plan = replace(plan, as_is=True, pixel_size_nm=None)
    if start is None and params.network is None:
        params = params.replace(network=SMALL.replace(n_rays=64 if are_long(real or synthetic[:32]) else 32))
    data = DetectorData.of(samples, plan, keep_px=0.0 if params.workers else KEEP_PX)
    provenance = provenance_of(samples, params, plan)

    model_of = partial(
        StarDistModel,
        percentiles=data.percentiles,
        working_scale=plan.working_scale,
        pixel_size_nm=plan.pixel_size_nm,
        search_scales=plan.candidates,
        target_px=params.diameter_px,
        expected=None if start is None else start.expected,
        provenance=provenance,
    )
    groups = data.for_thresholds()
    times = divide(params.minutes, began, groups, start.net if start else StarDistNet(params.network or SMALL))
    watch = Watch(
        better=lambda net: model_of(net).save(out),
        f1=partial(default_f1, pieces=[piece(source) for source in data.real_tests[:JUDGED]]),
        preview=partial(_preview, sources=(data.real_tests, *data.mix)),
    )
    training_params = params.replace(minutes=times.minutes)
    steps = train_network(data.mix, data.held_out, out, training_params, start.net if start else None, watch)
    fitted = yield from part(steps, 0, times.share)
    provenance |= {"steps": fitted.steps} | ({"remark": fitted.remark} if fitted.remark else {})
    chosen = yield from part(choose_thresholds.steps(fitted.net, groups, seconds=times.left_s()), times.share, 1)
    model = model_of(fitted.net, *chosen)
    if start and not fitted.best_step:  # else outlines run where the annotated ones do
        model = replace(model, foot_px=start.foot_px)
    model.save(out)
    (out / CHECKPOINT).unlink(missing_ok=True)
    yield Progress(1, 1, fitted.remark or "The model is trained")
    return model


def _refuse_finished(out: Path) -> None:
    """Keep a model that is finished."""
    if is_finished(out):
        raise UserError(
            f"{out} holds a finished model; nothing is overwritten.",
            "Choose another folder for the output, or remove this one.",
        )


def _starting(name: str) -> StarDistModel:
    model = open_model(name, "detector")
    if not isinstance(model, StarDistModel):
        raise UserError(
            f"{name} is not a StarDist model, so its weights cannot be used.", "Start from scratch or base."
        )
    return model


def _preview(net: StarDistNet, sources: Sequence[Sequence[Source]]) -> Sample:
    """Part of the first available image, at working scale, with what the network finds in it."""
    shown = piece(next(some[0] for some in sources if len(some)), PREVIEW_PX)
    return Sample(Micrograph(shown.image), find_objects(net, shown).labels)


def are_long(samples: Sequence[Sample]) -> bool:
    """Whether the median particle is more than twice as long as wide; 32 rays miss the ends of such particles."""
    ratios: list[float] = []
    for sample in samples:
        axes = regionprops_table(  # type: ignore[no-untyped-call]
            sample.labels.astype(np.int64), properties=("axis_major_length", "axis_minor_length")
        )
        ratios += list(axes["axis_major_length"] / np.maximum(axes["axis_minor_length"], 1))
    return bool(ratios) and float(np.median(ratios)) > 2


def is_finished(folder: Path) -> bool:
    """Whether a folder holds a model whose training was completed."""
    return (folder / NOTE).exists() and not (folder / CHECKPOINT).exists()
