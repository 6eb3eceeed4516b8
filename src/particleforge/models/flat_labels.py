"""What label images cannot teach: particles that touch in them may overlap, and what is hidden is not there."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from particleforge.sample import Sample
from particleforge.wording import named

LEAST_SHARE = 0.1
"""Share of the particles of an image that must touch others for a remark."""
_HINT = "Datasets of recipes and COCO files whose masks overlap can contain whole particles."


def flat_remarks(samples: Sequence[Sample]) -> list[str]:
    """State, for a detector of whole particles, in which images labels may show only parts of them.

    Parameters
    ----------
    samples
        What is learned from; those with whole outlines are left out.
    """
    names = [one.name for one in samples if one.outlines is None and touching_share(one.labels) >= LEAST_SHARE]
    if not names:
        return []
    return [
        f"In {named(names)} particles touch. Labels show what is visible: if some lie on others, the visible parts of "
        f"the lower ones are learned as if they were whole. {_HINT}"
    ]


def touching_share(labels: npt.NDArray[np.uint32]) -> float:
    """Share of the particles of a (Y, X) label image that touch others, also at corners of pixels."""
    pairs = (
        (labels[:, :-1], labels[:, 1:]),
        (labels[:-1], labels[1:]),
        (labels[:-1, :-1], labels[1:, 1:]),
        (labels[:-1, 1:], labels[1:, :-1]),
    )
    sides = ((side, (one != other) & (one > 0) & (other > 0)) for one, other in pairs for side in (one, other))
    touching = np.concatenate([side[where] for side, where in sides])
    count = int(np.count_nonzero(np.unique(labels)))
    return len(np.unique(touching)) / max(count, 1)
