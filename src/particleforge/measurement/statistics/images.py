"""Whether images show the same sizes."""

import numpy as np

from particleforge.measurement.statistics.sizes import Sizes

FEWEST = 10
"""Images with fewer particles are not compared."""
_LEVEL, _APART = 0.001, 1.1


def beyond_chance(sizes: Sizes) -> dict[int, float]:
    """Return the geometric mean of each image if images differ by more than chance explains; otherwise nothing.

    They do if the Kruskal-Wallis test, in which all particles count equally, gives p below 0.001, and the largest of
    their medians is more than 1.1 times the smallest.

    Parameters
    ----------
    sizes
        Sizes of several images.

    Returns
    -------
    dict
        By number of the image, for images with at least ten particles.
    """
    order = np.argsort(sizes.images, kind="stable")
    numbers, first, counts = np.unique(sizes.images[order], return_index=True, return_counts=True)
    rows = np.split(order, first[1:])
    members = {int(number): own for number, own, count in zip(numbers, rows, counts, strict=True) if count >= FEWEST}
    groups = [sizes.values[own] for own in members.values()]
    medians = [float(np.median(group)) for group in groups]
    if len(groups) < 2 or max(medians) <= _APART * min(medians):
        return {}
    from scipy.stats import kruskal

    if kruskal(*groups).pvalue >= _LEVEL:
        return {}
    return {
        number: float(np.exp(np.average(np.log(sizes.values[own]), weights=sizes.weights[own])))
        for number, own in members.items()
    }
