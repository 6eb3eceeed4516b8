"""Style: which channels of the network of a detector are active together (Gram matrices).

Gatys, Ecker and Bethge, Image style transfer using convolutional neural networks, CVPR 2016.
"""

import math

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.quality.view import View

STANDARDISED = False
LEVELS = 4
"""Number of levels, the finest first."""


def compute(view: View) -> Floats:
    """Return the Gram matrices of the first levels, averaged over all crops.

    The squared distance of two such vectors is the sum over levels of the squared Frobenius norm of the difference of
    the matrices, divided by the number of entries.
    """
    found = []
    for level in view.levels[:LEVELS]:
        count, channels, height, width = level.shape
        flat = level.transpose(1, 0, 2, 3).reshape(channels, -1).astype(float)
        gram = flat @ flat.T / (count * height * width * channels)
        rows, columns = np.triu_indices(channels)
        found.append(gram[rows, columns] * np.where(rows == columns, 1, math.sqrt(2)))
    return np.asarray(np.concatenate(found)[None])
