"""Mask R-CNN detectors: networks that find the box, the class and the mask of each particle."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from particleforge.models.card import CHECKPOINT
from particleforge.models.kind import ModelKind
from particleforge.models.maskrcnn.options import MaskRCNNOptions
from particleforge.models.maskrcnn.train_params import MaskRCNNTraining

if TYPE_CHECKING:
    from particleforge.models.maskrcnn.model import MaskRCNNModel
    from particleforge.models.training_set import TrainingSet
    from particleforge.step import Step

NOTE, WEIGHTS = "maskrcnn.yaml", "weights.pt"


class MaskRCNNKind(ModelKind):
    """Detectors with a Mask R-CNN, which outline particles that overlap as a whole."""

    kind = "maskrcnn"
    title = "Mask R-CNN"
    role = "detector"
    Training = MaskRCNNTraining
    Options = MaskRCNNOptions
    start = ""

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        """Whether the file that is written last exists."""
        return (folder / NOTE).is_file()

    @classmethod
    def finished(cls, folder: Path) -> bool:
        """Whether there are weights and no checkpoint."""
        return cls.recognises(folder) and not (folder / CHECKPOINT).is_file()

    @classmethod
    def load(cls, folder: Path | None) -> MaskRCNNModel:
        """Load a model folder; see `MaskRCNNModel.load`."""
        from particleforge.models.maskrcnn.model import MaskRCNNModel

        if folder is None:
            raise RuntimeError("a Mask R-CNN is in a folder")
        return MaskRCNNModel.load(folder)

    @classmethod
    def train(cls, data: TrainingSet, out: Path, params: MaskRCNNTraining) -> Step[MaskRCNNModel]:
        """Train a detector; see `train_maskrcnn`."""
        began = time.monotonic()  # loading libraries takes seconds
        from particleforge.models.maskrcnn.training import train_maskrcnn

        return (yield from train_maskrcnn(data, out, params, began))
