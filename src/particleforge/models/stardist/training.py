"""From annotated samples to a StarDist model in a folder."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from skimage.measure import regionprops_table

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.models.card import CHECKPOINT
from particleforge.models.opening import open_model, shadow_line
from particleforge.models.patches import Source
from particleforge.models.stardist.config import SMALL
from particleforge.models.stardist.kind import NOTE
from particleforge.models.stardist.model import StarDistModel
from particleforge.models.stardist.network import StarDistNet
from particleforge.models.stardist.options import MAX_ENLARGEMENT
from particleforge.models.stardist.scale_search import candidate_scales
from particleforge.models.stardist.sources import Sources, diameters_px
from particleforge.models.stardist.thresholds import choose_thresholds, default_f1, find_objects, piece
from particleforge.models.stardist.times import divide
from particleforge.models.stardist.train import HeldOut, Mix, Watch, train_network
from particleforge.models.stardist.train_params import TrainParams
from particleforge.models.training_set import TrainingSet
from particleforge.sample import Sample
from particleforge.step import Progress, Step, part

SAME_SCALE = 1.5
"""Images whose median diameters differ by less than this factor are taken to have the same magnification."""
OTHER_SCALE = 4.0
"""Particles of a new image may be larger or smaller by this factor, in pixels, if its scale is not known."""
ANY_DIAMETER_PX = (6.0, 300.0)
"""Particle diameters searched for if nothing is known about an image."""
HELD_OUT_SYNTHETIC = (6, 128)
"""Least and largest number of synthetic samples kept for validation."""
FOR_THRESHOLDS = 64
"""Largest number of synthetic samples from which thresholds are chosen."""
JUDGED = 4
"""Number of held-out images scored at each validation."""
PREVIEW_PX = 256
"""Side of the preview shown during training, at working scale."""
PERCENTILES = (1.0, 99.8)


@dataclass(frozen=True)
class ScalePlan:
    """The factors that bring samples to working scale.

    Parameters
    ----------
    target_px
        Median particle diameter the network is trained for.
    medians_px
        Median particle diameter of each image the plan is based on.
    pixel_size_nm
        Common reference if every pixel size is known; particles then keep their true relative size.
    as_is
        Whether training images are used without resizing.
    """

    target_px: float
    medians_px: tuple[float, ...]
    pixel_size_nm: float | None = None
    as_is: bool = False

    @property
    def working_scale(self) -> float:
        """Factor for an image of typical magnification."""
        if self.as_is:
            return 1.0
        return self._factor(float(np.median(self.medians_px)))

    @property
    def candidates(self) -> tuple[float, ...]:
        """Scales to try on an image of unknown magnification."""
        if self.as_is:
            return candidate_scales(ANY_DIAMETER_PX, self.target_px, MAX_ENLARGEMENT)
        seen = min(self.medians_px) / OTHER_SCALE, max(self.medians_px) * OTHER_SCALE
        return candidate_scales(seen, self.target_px, MAX_ENLARGEMENT)

    def scale_of(self, sample: Sample) -> float:
        """Factor for one training sample."""
        if self.as_is:
            return 1.0
        own = sample.micrograph.square_pixel_size_nm
        if self.pixel_size_nm is not None and own is not None:
            return min(self.working_scale * own / self.pixel_size_nm, MAX_ENLARGEMENT)
        if self.pixel_size_nm is None and max(self.medians_px) < SAME_SCALE * min(self.medians_px):
            return self.working_scale
        found = diameters_px(sample)
        return self._factor(float(np.median(found))) if len(found) else self.working_scale

    def _factor(self, diameter_px: float) -> float:
        return min(self.target_px / max(diameter_px, 1e-6), MAX_ENLARGEMENT)


def plan_scales(samples: Sequence[Sample], target_px: float) -> ScalePlan:
    """Plan the working scale from annotated samples.

    Raises
    ------
    UserError
        If no particle is labelled.
    """
    found = [(sample, diameters) for sample in samples if len(diameters := diameters_px(sample))]
    if not found:
        raise UserError("No particle is labelled in the training images.", "Label at least a few particles.")
    sizes = [sample.micrograph.square_pixel_size_nm for sample, _ in found]
    known = [size for size in sizes if size is not None]
    if len(known) < len(sizes):
        return ScalePlan(target_px, tuple(float(np.median(diameters)) for _, diameters in found))
    reference = float(np.median(known))
    medians = tuple(float(np.median(d)) * size / reference for (_, d), size in zip(found, known, strict=True))
    return ScalePlan(target_px, medians, reference)


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
    kept = int(np.clip(len(synthetic) // 100, *HELD_OUT_SYNTHETIC))
    training = len(synthetic) - min(kept, len(synthetic) // 4)
    keep_px = 0.0 if params.workers else 4e8

    def sources(chosen: Sequence[Sample], indices: range | None = None) -> Sources:
        indices = range(len(chosen)) if indices is None else indices
        return Sources(chosen, indices, plan.scale_of, PERCENTILES, keep_px)

    as_they_are = replace(plan, as_is=True).scale_of
    rehearsal = Sources(samples.rehearsal, range(len(samples.rehearsal)), as_they_are, PERCENTILES, keep_px)
    mix = Mix(sources(real), sources(synthetic, range(training)), rehearsal)
    real_tests, synthetic_tests = sources(samples.held_out), sources(synthetic, range(training, len(synthetic)))
    spared = sources(samples.spared)
    provenance = _provenance(samples, params, plan)

    model_of = partial(
        StarDistModel,
        percentiles=PERCENTILES,
        working_scale=plan.working_scale,
        pixel_size_nm=plan.pixel_size_nm,
        search_scales=plan.candidates,
        target_px=params.diameter_px,
        expected=None if start is None else start.expected,
        provenance=provenance,
    )
    groups = [real_tests[:] or [*mix.real[:6], *spared[:]], synthetic_tests[:FOR_THRESHOLDS]]
    times = divide(params.minutes, began, groups, start.net if start else StarDistNet(params.network or SMALL))
    watch = Watch(
        better=lambda net: model_of(net).save(out),
        f1=partial(default_f1, pieces=[piece(source) for source in real_tests[:JUDGED]]),
        preview=partial(_preview, sources=(real_tests, *mix)),
    )
    training_params = params.replace(minutes=times.minutes)
    tests = HeldOut([*real_tests[:], *spared[:]], synthetic_tests[:])
    steps = train_network(mix, tests, out, training_params, start.net if start else None, watch)
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


def _provenance(samples: TrainingSet, params: TrainParams, plan: ScalePlan) -> dict[str, Any]:
    """List what a model is learned from."""
    return {
        "version": version("napari-particleforge"),
        "training": params.model_dump(mode="json"),
        "real": [sample.name for sample in samples.real],
        "particles": sum(
            int(np.count_nonzero(np.unique(sample.labels))) for sample in (*samples.real, *samples.spared)
        ),
        "held_out": [sample.name for sample in samples.held_out],
        "synthetic": len(samples.synthetic),
        "shapes": len(samples.rehearsal),
        "median_diameters_px": list(plan.medians_px),
    }


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
