"""The threshold detector; it needs no training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from particleforge.models.kind import ModelKind
from particleforge.models.threshold.options import ThresholdOptions

if TYPE_CHECKING:
    from particleforge.models.threshold.detector import ThresholdDetector


class ThresholdKind(ModelKind):
    """A grey threshold, and a watershed that splits touching particles."""

    kind = "threshold"
    title = "Threshold"
    role = "detector"
    Options = ThresholdOptions
    bundled: ClassVar[Mapping[str, Path | None]] = {"threshold": None}

    @classmethod
    def load(cls, folder: Path | None) -> ThresholdDetector:
        """Return the detector; there is nothing to load."""
        from particleforge.models.threshold.detector import ThresholdDetector

        return ThresholdDetector()
