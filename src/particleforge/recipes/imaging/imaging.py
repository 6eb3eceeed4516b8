"""Effects of the microscope."""

import numpy as np
from pydantic import Field

from particleforge.recipes.imaging.charging import Charging
from particleforge.recipes.imaging.jpeg import Jpeg
from particleforge.recipes.imaging.optics import Optics
from particleforge.recipes.imaging.read import Read
from particleforge.recipes.imaging.scan import Scan
from particleforge.recipes.imaging.shot import Shot
from particleforge.recipes.imaging.tone import Tone
from particleforge.recipes.stage import Floats, Stage


class Imaging(Stage):
    """All effects of the microscope, in this order."""

    charging: Charging = Field(Charging(), description="Glow and streaks.")
    optics: Optics = Field(Optics(), description="Blur.")
    shot: Shot = Field(Shot(), description="Poisson noise.")
    read: Read = Field(Read(), description="Detector noise.")
    scan: Scan = Field(Scan(), description="Scan errors of rows.")
    tone: Tone = Field(Tone(), description="Brightness and contrast.")
    jpeg: Jpeg = Field(Jpeg(), description="Compression.")

    def apply(self, image: Floats, rng: np.random.Generator) -> Floats:
        """Apply one effect after another."""
        for stage in (self.charging, self.optics, self.shot, self.read, self.scan, self.tone, self.jpeg):
            image = stage.apply(image, rng)
        return image
