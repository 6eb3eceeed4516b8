"""How many more or fewer particles were found than there are."""

from collections.abc import Sequence

import numpy as np

from particleforge.quality.metric import Judged

TITLE = "Error of the number of particles in percent"


def compute(images: Sequence[Judged]) -> float | None:
    """Return the number found over the true number, less one, in percent; None where there is no particle."""
    true = sum(len(np.unique(image.true[image.true > 0])) for image in images)
    found = sum(len(np.unique(image.found[image.found > 0])) for image in images)
    return 100 * (found / true - 1) if true else None
