"""A detector that takes all bright pixels that hang together for a particle."""

from pydantic import Field

from particleforge.models.kind import ModelKind
from particleforge.models.roles import Detector
from particleforge.params import Params
from particleforge.step import Progress


class BrightPixelsOptions(Params):
    """What is bright."""

    level: float = Field(100.0, description="Least grey value of a particle.")


class BrightPixelsKind(ModelKind):
    """Everything above a grey value."""

    kind = "bright_pixels"
    title = "Bright pixels"
    role = "detector"
    Options = BrightPixelsOptions
    bundled = {"bright_pixels": None}

    @classmethod
    def load(cls, folder):
        """There is nothing to load."""
        return BrightPixels()


class BrightPixels(Detector[BrightPixelsOptions]):
    """Everything above a grey value."""

    Options = BrightPixelsOptions
    provenance = {"kind": "bright_pixels"}

    def steps(self, micrograph, options):
        """Label what hangs together."""
        import numpy as np
        from scipy import ndimage

        from particleforge.models.detections import Detections

        yield Progress(0, 1, "Looking")
        labels, count = ndimage.label(micrograph.grey >= options.level)
        centres = ndimage.center_of_mass(labels > 0, labels, range(1, count + 1))
        return Detections(
            labels.shape,
            np.asarray(centres, np.float64).reshape(-1, 2),
            np.ones(count, np.float32),
            painted=lambda: labels.astype(np.uint32),
            found={"level": options.level},
        )
