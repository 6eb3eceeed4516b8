"""Share of the overlapping particles that are found."""

from collections.abc import Sequence

import numpy as np

from particleforge.quality.metric import Judged

TITLE = "Recall of particles that overlap others, at an IoU of 0.5"
PLACE = 25
BEST = 1.0


def compute(images: Sequence[Judged]) -> float | None:
    """Return the share found of all true particles that share pixels with another one; None if there are none."""
    total = found = 0
    for image in images:
        compared = image.comparison
        hit = np.zeros(compared.true_count, np.bool_)
        hit[compared.pairs.true[compared.matched()]] = True
        total += int(compared.crossing.sum())
        found += int((hit & compared.crossing).sum())
    return found / total if total else None
