"""From annotated samples to a StarDist model in a folder."""

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.models.card import CHECKPOINT
from particleforge.models.detector_data import KEEP_PX, DetectorData, provenance_of
from particleforge.models.detector_task import Watch
from particleforge.models.detector_training import JUDGED, PREVIEW_PX, are_long, begin, typical
from particleforge.models.opening import open_model
from particleforge.models.patches import Source
from particleforge.models.sources import piece
from particleforge.models.stardist.config import SMALL
from particleforge.models.stardist.kind import NOTE
from particleforge.models.stardist.model import StarDistModel
from particleforge.models.stardist.network import StarDistNet
from particleforge.models.stardist.predict import network_maps
from particleforge.models.stardist.thresholds import choose_thresholds, default_f1, find_objects
from particleforge.models.stardist.train import train_network
from particleforge.models.stardist.train_params import TrainParams
from particleforge.models.times import divide
from particleforge.models.training_set import TrainingSet
from particleforge.sample import Sample
from particleforge.step import Progress, Step, part

FINDING = 4.0
"""Time for choosing thresholds on an image, as a multiple of that for its maps."""


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
    plan = yield from begin(samples, out, params, is_finished(out))
    start = None if params.start == "scratch" else _starting(params.start)
    if start is None and params.network is None:  # 32 rays miss the ends of long particles
        params = params.replace(network=SMALL.replace(n_rays=64 if are_long(typical(samples)) else 32))
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
    new = start.net if start else StarDistNet(params.network or SMALL)
    times = divide(params.minutes, began, groups, lambda source: network_maps(new, piece(source).image), FINDING)
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


def is_finished(folder: Path) -> bool:
    """Whether a folder holds a model whose training was completed."""
    return (folder / NOTE).exists() and not (folder / CHECKPOINT).exists()
