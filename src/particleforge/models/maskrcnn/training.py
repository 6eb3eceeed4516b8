"""From annotated samples to a Mask R-CNN model in a folder."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.models.card import CHECKPOINT
from particleforge.models.detections import Masks
from particleforge.models.detector_data import DetectorData, provenance_of
from particleforge.models.detector_task import Watch, settings
from particleforge.models.detector_training import JUDGED, PREVIEW_PX, begin, typical
from particleforge.models.fit import fit
from particleforge.models.flat_labels import flat_remarks
from particleforge.models.maskrcnn.anchors import Boxes, boxes_of
from particleforge.models.maskrcnn.coco import cached_file, fill_from_coco
from particleforge.models.maskrcnn.config import SMALL_UNET, MaskRCNNConfig
from particleforge.models.maskrcnn.kind import MaskRCNNKind
from particleforge.models.maskrcnn.model import MaskRCNNModel, Note
from particleforge.models.maskrcnn.network import MaskRCNNNet
from particleforge.models.maskrcnn.rating import DEFAULT_SCORE, default_f1, find, scores
from particleforge.models.maskrcnn.task import MaskRCNNTask
from particleforge.models.maskrcnn.train_params import COCO, MaskRCNNTraining
from particleforge.models.opening import open_model
from particleforge.models.patches import Source
from particleforge.models.score_choice import SCORES, choose_score
from particleforge.models.sources import classes_of, piece
from particleforge.models.times import divide
from particleforge.models.training_set import TrainingSet
from particleforge.models.unet import UNet
from particleforge.models.unet_config import UNetConfig
from particleforge.quality.matching import Score
from particleforge.sample import Sample
from particleforge.step import Progress, Step, part

RATE = 1e-3
BASE, SCRATCH = "base", "scratch"
RATING = 1.5
"""Time for rating an image, as a multiple of that for searching it."""
SURVEYED = 200
"""Number of synthetic samples whose classes are looked up."""


@dataclass(frozen=True)
class _Start:
    """What a training begins with.

    Parameters
    ----------
    model
        A trained Mask R-CNN to continue from; None: a new network.
    unet
        Architecture of the U-Net of a new network.
    fill
        Fills a new network with weights of others.
    """

    model: MaskRCNNModel | None = None
    unet: UNetConfig = SMALL_UNET
    fill: Callable[[MaskRCNNNet], object] = lambda net: None


def train_maskrcnn(
    samples: TrainingSet, out: Path, params: MaskRCNNTraining, began: float | None = None
) -> Step[MaskRCNNModel]:
    """Train a Mask R-CNN at a working scale that suits the particles, choose its threshold, save the model.

    Parameters
    ----------
    samples
        Training data.
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
    plan = yield from begin(samples, out, params, MaskRCNNKind.finished(out))
    start = _starting(params)
    boxes = boxes_of(typical(samples), plan.scale_of)
    classes, remarks = _classes(samples)
    remarks += flat_remarks(samples.real)
    for line in remarks:
        yield Progress(0, 1, line)
    config = start.model.net.config if start.model else params.network or _config(params, start.unet, boxes, classes)
    params = params.replace(patch_px=-(-params.patch_px // (step := _shape(config).divisor)) * step)
    data = DetectorData.of(samples, plan)
    note = Note(
        network=config,
        percentiles=data.percentiles,
        working_scale=plan.working_scale,
        pixel_size_nm=plan.pixel_size_nm,
        search_scales=plan.candidates,
        target_px=params.diameter_px,
        reach_px=boxes.longest_px,
        whole=all(sample.outlines is not None for sample in typical(samples)),
        provenance=provenance_of(samples, params, plan),
    )
    search = partial(find, least_score=SCORES[0], reach_px=note.reach_px)
    watch = Watch(
        better=lambda net: MaskRCNNModel(net, note).save(out),
        f1=partial(default_f1, pieces=[piece(source) for source in data.real_tests[:JUDGED]], reach_px=note.reach_px),
        preview=partial(_preview, reach_px=note.reach_px, sources=(data.real_tests, *data.mix)),
    )
    task = MaskRCNNTask(
        data.mix, data.held_out, params, config, start.model.net if start.model else None, start.fill, watch
    )
    groups = data.for_thresholds()
    new = task.network()
    times = divide(params.minutes, began, groups, lambda source: search(new, piece(source)), RATING)
    steps = fit(task, out, settings(params.replace(minutes=times.minutes), RATE))
    fitted = yield from part(steps, 0, times.share)

    def rate(_: int, source: Source) -> Sequence[Score]:
        shown = piece(source)
        return scores(shown, search(fitted.net, shown))

    chosen = yield from part(choose_score(groups, rate, times.left_s()), times.share, 1)
    said = " ".join(filter(None, [fitted.remark, *remarks]))
    about = note.provenance | {"steps": fitted.steps} | ({"remark": said} if said else {})
    model = MaskRCNNModel(fitted.net, note.replace(least_score=chosen or DEFAULT_SCORE, provenance=about))
    model.save(out)
    (out / CHECKPOINT).unlink(missing_ok=True)
    yield Progress(1, 1, fitted.remark or "The model is trained")
    return model


def _starting(params: MaskRCNNTraining) -> _Start:
    """Find the weights to start from.

    Raises
    ------
    UserError
        If they cannot be used for this backbone.
    """
    of_unet = params.backbone == "unet"
    name = params.start or (BASE if of_unet and params.network is None else SCRATCH)
    if name == SCRATCH:
        return _Start()
    if name == COCO or Path(name).is_file():
        path = cached_file(params.backbone) if name == COCO else Path(name)
        return _Start(fill=partial(fill_from_coco, path=path))
    model = open_model(name, "detector")
    if isinstance(model, MaskRCNNModel):
        return _Start(model)
    body = model.body
    if body is None or not of_unet:
        raise UserError(
            f"{name} holds no weights for the backbone {params.backbone}.",
            "Start from scratch, from coco, or from a Mask R-CNN." if not of_unet else "Start from base or scratch.",
        )
    unet = UNetConfig.parse({field: getattr(body.config, field) for field in UNetConfig.model_fields})
    return _Start(unet=unet, fill=partial(_fill_unet, body=body))


def _fill_unet(net: MaskRCNNNet, body: UNet) -> None:
    if net.unet is not None:
        net.unet.take_over(body)


def _shape(config: MaskRCNNConfig) -> MaskRCNNNet:
    """Return the network without memory for its weights."""
    with torch.device("meta"):
        return MaskRCNNNet(config)


def _config(params: MaskRCNNTraining, unet: UNetConfig, boxes: Boxes, classes: Sequence[str]) -> MaskRCNNConfig:
    """Architecture that suits the particles."""
    bare = MaskRCNNConfig(backbone=params.backbone, unet=unet, classes=tuple(classes))
    levels = len(_shape(bare).strides)
    return bare.replace(anchors_px=boxes.sizes(levels), ratios=boxes.ratios)


def _classes(samples: TrainingSet) -> tuple[list[str], list[str]]:
    """Names of the classes if there are several, and what a person should know about them."""
    count = len(samples.synthetic)
    some = [samples.synthetic[index] for index in range(0, count, max(1, count // SURVEYED))]
    images: dict[str, int] = {}
    for sample in [*samples.real, *some]:
        for name in set((classes_of(sample) or {}).values()):
            images[name] = images.get(name, 0) + 1
    if len(images) < 2:
        return [], []
    rare = sorted(name for name, number in images.items() if number == 1)
    remark = f"Only one image shows particles of the class {', '.join(rare)}; that is hardly enough to learn it."
    return sorted(images), [remark] if rare else []


def _preview(net: MaskRCNNNet, reach_px: float, sources: Sequence[Sequence[Source]]) -> Sample:
    """Part of the first available image, at working scale, with what the network finds in it."""
    shown = piece(next(some[0] for some in sources if len(some)), PREVIEW_PX)
    found = find(net, shown, DEFAULT_SCORE, reach_px)
    return Sample(Micrograph(shown.image), Masks(found.masks).paint(shown.labels.shape, found.scores))
