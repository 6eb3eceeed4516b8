"""How often the interval that a detector states for its F1 holds."""

from collections.abc import Sequence

from particleforge.quality.metric import Judged

TITLE = "Share of images whose F1 is in the stated 80 % interval"
PLACE = 140
BEST = 0.8


def compute(images: Sequence[Judged]) -> float | None:
    """Return the share of images whose F1 lies between the limits stated; 0.8 is right, None if none are stated."""
    stated = [(image.expected, image.score.f1) for image in images if image.expected]
    held = [limits["low"] <= f1 <= limits["high"] for limits, f1 in stated]
    return sum(held) / len(held) if held else None
