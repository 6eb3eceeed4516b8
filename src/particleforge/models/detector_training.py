"""What the trainings of all detectors have in common: the folder, the scale, the look of the particles."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from skimage.measure import regionprops_table

from particleforge.errors import UserError
from particleforge.models.detector_params import DetectorTraining
from particleforge.models.opening import shadow_line
from particleforge.models.scales import ScalePlan, plan_scales
from particleforge.models.training_set import TrainingSet
from particleforge.sample import Sample
from particleforge.step import Progress, Step

JUDGED = 4
"""Number of held-out images scored at each validation."""
PREVIEW_PX = 256
"""Side of the preview shown during training, at working scale."""
SOME = 32
"""Number of synthetic samples that stand for all of them."""


def refuse_finished(out: Path, finished: bool) -> None:
    """Keep a model that is finished.

    Raises
    ------
    UserError
        If it is.
    """
    if finished:
        raise UserError(
            f"{out} holds a finished model; nothing is overwritten.",
            "Choose another folder for the output, or remove this one.",
        )


def begin(samples: TrainingSet, out: Path, params: DetectorTraining, finished: bool) -> Step[ScalePlan]:
    """Check what every training needs, and plan the working scale.

    Parameters
    ----------
    samples
        Training data.
    out
        Folder of the model.
    params
        Budget and settings.
    finished
        Whether the folder holds a finished model.

    Raises
    ------
    UserError
        If it does, there is no budget, or no particle is labelled.
    """
    refuse_finished(out, finished)
    params.check_budget()
    for line in shadow_line(params.start).values():
        yield Progress(0, 1, line)
    return scale_plan(samples, params)


def typical(samples: TrainingSet) -> Sequence[Sample]:
    """Return samples that show what the particles are like: the real ones, else some synthetic ones."""
    return samples.real or samples.synthetic[:SOME]


def scale_plan(samples: TrainingSet, params: DetectorTraining) -> ScalePlan:
    """Plan the working scale as the parameters demand; see `plan_scales`.

    Raises
    ------
    UserError
        If no particle is labelled.
    """
    plan = plan_scales(typical(samples), params.diameter_px)
    return plan if params.normalize_scale else replace(plan, as_is=True, pixel_size_nm=None)


def are_long(samples: Sequence[Sample]) -> bool:
    """Whether the median particle is more than twice as long as wide."""
    ratios: list[float] = []
    for sample in samples:
        axes = regionprops_table(  # type: ignore[no-untyped-call]
            sample.labels.astype(np.int64), properties=("axis_major_length", "axis_minor_length")
        )
        ratios += list(axes["axis_major_length"] / np.maximum(axes["axis_minor_length"], 1))
    return bool(ratios) and float(np.median(ratios)) > 2
