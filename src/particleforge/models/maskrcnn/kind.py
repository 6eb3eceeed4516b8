"""Mask R-CNN detectors: networks that find the box, the class and the mask of each particle."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from particleforge.models.card import kept_f1
from particleforge.models.kind import StoredKind
from particleforge.models.maskrcnn.options import MaskRCNNOptions
from particleforge.models.maskrcnn.train_params import MaskRCNNTraining
from particleforge.registry import Registry

if TYPE_CHECKING:
    from particleforge.models.maskrcnn.model import MaskRCNNModel
    from particleforge.models.training_set import TrainingSet
    from particleforge.step import Step

CITATION = "He et al., ICCV 2017"
NOTE = "maskrcnn.yaml"


class MaskRCNNKind(StoredKind):
    """Detectors with a Mask R-CNN, which outline particles that overlap as a whole."""

    kind = "maskrcnn"
    note = NOTE
    title = "Mask R-CNN"
    role = "detector"
    Training = MaskRCNNTraining
    Options = MaskRCNNOptions
    exports = Registry("format for models", "particleforge.models.maskrcnn.exports")
    start = ""

    @classmethod
    def load(cls, folder: Path | None) -> MaskRCNNModel:
        """Load a model folder; see `MaskRCNNModel.load`."""
        from particleforge.models.maskrcnn.model import MaskRCNNModel

        if folder is None:
            raise RuntimeError("a Mask R-CNN is in a folder")
        return MaskRCNNModel.load(folder)

    @classmethod
    def scores(cls, folder: Path) -> dict[str, float]:
        """F1 of whole particles on held-out annotated images, at the lowest held-out loss, whose weights are kept."""
        return kept_f1(folder) or super().scores(folder)

    @classmethod
    def methods(cls, name: str, source: str, model: MaskRCNNModel, options: MaskRCNNOptions) -> str:
        """Describe the network, what it was trained on, thresholds and scale."""
        called = f"model {name}; " if name else ""
        note, backbone = model.note, model.net.config.backbone
        of = {"unet": "a U-Net", "resnet50": "a ResNet-50"}.get(backbone, backbone)
        trained = f", trained on {source}" if source else ""
        least = note.least_score if options.least_score is None else options.least_score
        parts = "whole particles, hidden parts included" if note.whole else "visible parts of particles"
        if options.scale is not None:
            scale = f"by {options.scale:.3g}"
        else:
            size = f" of about {options.diameter}" if options.diameter else ""
            scale = f"so that particles{size} measure about {note.target_px:.3g} px"
        return (
            f"Particles were found by a Mask R-CNN on {of} ({called}{CITATION}){trained}. It outlines {parts}. "
            f"The smallest score was {least:.2g}, the largest overlap of two masks (IoU) {options.overlap:.2g}. "
            f"Images were resized {scale}."
        )

    @classmethod
    def train(cls, data: TrainingSet, out: Path, params: MaskRCNNTraining) -> Step[MaskRCNNModel]:
        """Train a detector; see `train_maskrcnn`."""
        began = time.monotonic()  # loading libraries takes seconds
        from particleforge.models.maskrcnn.training import train_maskrcnn

        return (yield from train_maskrcnn(data, out, params, began))
