"""Other images in which the scale bar of one is burnt in as well; no Qt here."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from particleforge.annotate.burnt_in_bar import find_burnt_in_bar
from particleforge.annotate.scale import Point
from particleforge.errors import UserError
from particleforge.store.project import Project


@dataclass(frozen=True)
class Proposal:
    """Images with the same bar.

    Parameters
    ----------
    side_nm
        Side of a pixel.
    names
        Of the images.
    """

    side_nm: float
    names: tuple[str, ...]


def same_bar(
    project: Project,
    grey: npt.NDArray[np.floating],
    bar: tuple[Point, Point],
    side_nm: float,
    names: Iterable[str],
    outdated: Callable[[], bool],
) -> Proposal:
    """Look for images with the bar, and the text next to it, of an image whose scale is known."""
    found = find_burnt_in_bar(grey, bar)
    same: list[str] = []
    for name in names if found is not None else ():
        if outdated():
            break
        try:
            other = find_burnt_in_bar(project.open(name)[0].read().grey)
        except UserError:  # the table of scales names it
            continue
        if other is not None and found is not None and found.is_same(other):
            same.append(name)
    return Proposal(side_nm, tuple(same))
