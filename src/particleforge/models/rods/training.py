"""From annotated samples to a detector of rods in a folder."""

import math
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.models.card import CHECKPOINT
from particleforge.models.detections import Detections
from particleforge.models.detector_data import DetectorData, provenance_of
from particleforge.models.detector_task import Watch, settings
from particleforge.models.detector_training import JUDGED, PREVIEW_PX, begin
from particleforge.models.fit import fit
from particleforge.models.flat_labels import flat_remarks
from particleforge.models.opening import open_model
from particleforge.models.patches import Source
from particleforge.models.rods.kind import RodsKind
from particleforge.models.rods.model import Note, RodsModel, detections
from particleforge.models.rods.network import RodsNet
from particleforge.models.rods.predict import find_rods
from particleforge.models.rods.train import RATE, SMALL, RodsTask
from particleforge.models.rods.train_params import RodsTraining
from particleforge.models.runner import Runner
from particleforge.models.score_choice import SCORES, choose_score, whole_scores
from particleforge.models.sources import piece
from particleforge.models.times import divide
from particleforge.models.training_set import TrainingSet
from particleforge.models.unet_config import UNetConfig
from particleforge.quality.matching import Score
from particleforge.sample import Sample
from particleforge.step import Progress, Step, part, run

DEFAULT_PROB = 0.5
"""Default threshold of a network for which none was chosen."""
FINDING = 2.0
"""Time for choosing the threshold on an image, as a multiple of that for finding its rods."""


def train_rods(samples: TrainingSet, out: Path, params: RodsTraining, began: float | None = None) -> Step[RodsModel]:
    """Train a network at a working scale that suits the particles, choose its threshold, save the model.

    Parameters
    ----------
    samples
        Training data; whole outlines are learned where samples have them.
    out
        Folder of the model. An interrupted training in it is continued; from the first validation on it holds the
        best weights so far, with the default threshold.
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
    plan = yield from begin(samples, out, params, RodsKind.finished(out))
    remarks = flat_remarks(samples.real)
    for line in remarks:
        yield Progress(0, 1, line)
    start = None if params.start == "scratch" else _starting(params.start)
    data = DetectorData.of(samples, plan)
    provenance = provenance_of(samples, params, plan)
    new = RodsNet(SMALL) if start is None else start
    note = Note(
        network=new.config,
        percentiles=data.percentiles,
        working_scale=plan.working_scale,
        pixel_size_nm=plan.pixel_size_nm,
        search_scales=plan.candidates,
        target_px=params.diameter_px,
        provenance=provenance,
    )
    groups = data.for_thresholds()
    times = divide(params.minutes, began, groups, lambda source: _found(new, piece(source), DEFAULT_PROB), FINDING)
    watch = Watch[RodsNet](
        better=lambda net: RodsModel(net, note).save(out),
        f1=partial(_f1, pieces=[piece(source) for source in data.real_tests[:JUDGED]]),
        preview=partial(_preview, sources=(data.real_tests, *data.mix)),
    )
    task = RodsTask(data.mix, data.held_out, params.replace(minutes=times.minutes), start, watch)
    chosen = settings(params.replace(minutes=times.minutes), RATE)
    fitted = yield from part(fit(task, out, chosen), 0, times.share)
    rate = partial(_rates, fitted.net)
    threshold = yield from part(choose_score(groups, rate, seconds=times.left_s()), times.share, 1)
    said = " ".join(filter(None, [fitted.remark, *remarks]))
    about = provenance | {"steps": fitted.steps} | ({"remark": said} if said else {})
    model = RodsModel(fitted.net, note.replace(prob_thresh=threshold or DEFAULT_PROB, provenance=about))
    model.save(out)
    (out / CHECKPOINT).unlink(missing_ok=True)
    yield Progress(1, 1, fitted.remark or "The model is trained")
    return model


def _starting(name: str) -> RodsNet:
    """Network with the weights of another one, as far as they have the same names and shapes."""
    body = open_model(name, "detector").body
    if body is None:
        raise UserError(f"{name} has no network whose weights can be used.", "Start from scratch, base or rods.")
    net = RodsNet(UNetConfig.parse({field: getattr(body.config, field) for field in UNetConfig.model_fields}))
    net.take_over(body)
    return net


def _found(net: RodsNet, source: Source, threshold: float) -> Detections:
    height, width = source.image.shape
    return detections(run(find_rods(Runner(net), source.image, threshold)), (height, width), 1.0)


def _rates(net: RodsNet, _: int, source: Source) -> list[Score]:
    shown = piece(source)
    found = _found(net, shown, SCORES[0])
    return whole_scores(shown, [mask.places for mask in found.whole_masks.values()], found.scores)


def _f1(net: RodsNet, pieces: Sequence[Source]) -> float:
    """F1 of all pieces together with the default threshold; NaN if there are no pieces."""
    if not pieces:
        return math.nan
    at = int(np.argmin(np.abs(np.array(SCORES) - DEFAULT_PROB)))
    return sum((_rates(net, 0, source)[at] for source in pieces), Score()).f1


def _preview(net: RodsNet, sources: Sequence[Sequence[Source]]) -> Sample:
    """Part of the first available image, at working scale, with what the network finds in it."""
    shown = piece(next(some[0] for some in sources if len(some)), PREVIEW_PX)
    return Sample(Micrograph(shown.image), _found(net, shown, DEFAULT_PROB).labels)
