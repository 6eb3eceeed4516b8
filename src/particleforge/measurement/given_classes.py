"""Classes that a model gives to particles, in place of those of the rule."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

CLASS, SURENESS = "class", "class_probability"
"""Columns of the class and of its probability; only classes given by a model have one."""


def with_classes(table: "pd.DataFrame", classes: Mapping[int, tuple[str, float]]) -> "pd.DataFrame":
    """Return a particle table with other classes than those of the rule.

    Parameters
    ----------
    table
        As returned by `measure_particles`.
    classes
        Class of each particle and its probability, by label. Particles without one keep that of the rule.

    Examples
    --------
    >>> import numpy as np
    >>> from particleforge.measurement.given_classes import with_classes
    >>> from particleforge.measurement.particles import measure_particles
    >>> table = measure_particles(np.pad(np.ones((4, 6), int), 3))
    >>> with_classes(table, {1: ("rod", 0.9)})[["label", "class", "class_probability"]]
       label class  class_probability
    0      1   rod                0.9
    """
    given = [classes.get(label) for label in table["label"].tolist()]
    names = [rule if one is None else one[0] for rule, one in zip(table[CLASS], given, strict=True)]
    sureness = [float("nan") if one is None else one[1] for one in given]
    changed = table.assign(class_probability=sureness)
    changed[CLASS] = np.array(names, object)
    return changed
