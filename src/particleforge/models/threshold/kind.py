"""The threshold detector; it needs no training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

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

    @classmethod
    def methods(cls, name: str, source: str, model: Any, options: ThresholdOptions) -> str:
        """Describe the threshold, and how touching particles are split."""
        shades = {"auto": "bright or dark (whichever were more compact)", "bright": "bright", "dark": "dark"}
        threshold = f"by a threshold of the grey values (method {options.method})"
        smooth = f", after Gaussian smoothing (sigma {options.smoothing_px:g} px)" if options.smoothing_px else ""
        sentences = [f"Particles were found as {shades[options.polarity]} regions {threshold}{smooth}."]
        if options.fill_holes:
            sentences.append("Holes were filled.")
        if options.split:
            neck = f"narrower than {options.split:g} times the narrower particle"
            sentences.append(f"Touching particles were split by a watershed where the neck between them was {neck}.")
        limits = f"below {options.smallest}" + (f" or above {options.largest}" if options.largest else "")
        dropped = f"with a diameter {limits}, or a contrast score below {options.least_score:g}, were dropped."
        return " ".join([*sentences, f"Regions {dropped}"])
