"""What a network makes of whole images that the user gives as an ONNX file, such as Inception, CLIP or DINOv2."""

from particleforge.measurement.arrays import Floats
from particleforge.quality.view import View

STANDARDISED = False


def compute(view: View) -> Floats | None:
    """Return its vector as it is; None without such a network."""
    return None if view.given is None else view.given.astype(float)
