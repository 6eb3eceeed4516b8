"""Edits of a label image that can be undone.

Each function reads the labels and returns a `Change`; nothing is altered before `apply`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from particleforge.annotate.region import Region
from particleforge.errors import UserError
from particleforge.wording import plural

Labels = npt.NDArray[np.uint32]
Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.signedinteger]
LARGEST_ID = int(np.iinfo(np.uint32).max)
Window = tuple[slice, slice]
NEIGHBOURS = np.ones((3, 3), bool)
EVERYWHERE = slice(None), slice(None)


@dataclass(frozen=True, eq=False)
class Change:
    """What an edit does to a label image.

    Parameters
    ----------
    window
        Rows and columns it affects.
    before, after
        (h, w) labels in the window.
    """

    window: tuple[slice, slice]
    before: Labels
    after: Labels

    def apply(self, labels: Labels) -> None:
        """Write the labels after the edit, in place."""
        labels[self.window] = self.after

    def undo(self, labels: Labels) -> None:
        """Write the labels before the edit, in place."""
        labels[self.window] = self.before

    @property
    def ids(self) -> tuple[int, ...]:
        """Sorted ids of the changed pixels after the edit, without 0."""
        found = np.unique(self.after[self.after != self.before])
        return tuple(int(i) for i in found if i)


def next_id(labels: Labels) -> int:
    """Return the id after the largest one; gaps left by erased particles are not filled.

    Raises
    ------
    UserError
        If the largest id of 32 bits is in use.
    """
    largest = int(labels.max(initial=0))
    if largest == LARGEST_ID:
        raise UserError(f"The id {LARGEST_ID} is in use, and no larger id is possible.", "Renumber the labels first.")
    return largest + 1


def add(labels: Labels, region: Region, particle: int | None = None) -> Change:
    """Give the free pixels of a region an id: `particle`, or the next free id if None.

    Raises
    ------
    UserError
        If none of the pixels is free.
    """
    before = labels[region.window]
    free = region.mask & (before == 0)
    if not free.any():
        raise UserError("All of these pixels already belong to particles.", "Erase the particle there first.")
    return _change(labels, region.window, free, next_id(labels) if particle is None else particle)


def erase(labels: Labels, particle: int) -> Change:
    """Remove a particle.

    Raises
    ------
    UserError
        If there is no such particle.
    """
    window, mask = _find(labels, particle)
    return _change(labels, window, mask, 0)


def merge(labels: Labels, particles: Iterable[int], near: Window = EVERYWHERE) -> Change:
    """Give several particles the smallest of their ids.

    Parameters
    ----------
    labels
        (Y, X) ids.
    particles
        Which ones to merge.
    near
        Rows and columns that hold them: quicker in large images.

    Raises
    ------
    UserError
        If fewer than two are given, or one does not exist.
    """
    wanted = sorted(set(particles))
    if len(wanted) < 2:
        raise UserError(f"Merging needs at least two particles; selected: {len(wanted)}.", "Select another one, too.")
    found = [_find(labels, particle, near) for particle in wanted]
    starts, ends = (
        [fold(getattr(window[axis], end) for window, _ in found) for axis in (0, 1)]
        for fold, end in ((min, "start"), (max, "stop"))
    )
    window = slice(starts[0], ends[0]), slice(starts[1], ends[1])
    return _change(labels, window, np.isin(labels[window], wanted), wanted[0])


def fill_holes(labels: Labels, particle: int) -> Change:
    """Fill the free pixels a particle encloses.

    Raises
    ------
    UserError
        If there is no such particle.
    """
    window, mask = _find(labels, particle)
    holes = ndimage.binary_fill_holes(mask) & (labels[window] == 0)
    return _change(labels, window, holes, particle)


def split_by_line(
    labels: Labels,
    particle: int,
    start: tuple[float, float],
    end: tuple[float, float],
    near: Window = EVERYWHERE,
) -> Change:
    """Cut a particle along a line; the largest piece keeps its id, and every other piece gets a new one.

    Parameters
    ----------
    labels
        (Y, X) ids.
    particle
        Which one to cut.
    start, end
        (y, x) in px of the ends of the line, both outside the particle or on its edge.
    near
        Rows and columns that hold the particle: quicker in large images.

    Raises
    ------
    UserError
        If there is no such particle, or the line does not cut all the way through it.
    """
    window, mask = _find(labels, particle, near)
    cut = _line(mask.shape, *((point[0] - window[0].start, point[1] - window[1].start) for point in (start, end)))
    whole, count = ndimage.label(mask, NEIGHBOURS)
    pieces, found = ndimage.label(mask & ~cut, NEIGHBOURS)
    owners = np.zeros(found + 1, np.int64)
    owners[pieces[pieces > 0]] = whole[pieces > 0]
    if found == 0 or np.bincount(owners[1:], minlength=count + 1).max() < 2:
        raise UserError(
            f"The line does not cut through particle {particle}.", "Draw it from one side of the particle to the other."
        )
    seeds = _nearest_piece(pieces, whole, mask)
    return _pieces(labels, window, particle, seeds, owners)


def split_into(labels: Labels, particle: int, count: int = 2) -> Change:
    """Split a particle at its necks; the largest piece keeps its id, and every other piece gets a new one.

    By a watershed of the distance to the outline, starting from its `count` highest peaks.

    Raises
    ------
    UserError
        If there is no such particle, `count` is below 2, or it has fewer thick parts.
    """
    from skimage.feature import peak_local_max
    from skimage.segmentation import watershed

    if count < 2:
        raise UserError(f"A particle cannot be split into {count}; at least 2 parts are needed.")
    window, mask = _find(labels, particle)
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))
    smooth = ndimage.gaussian_filter(depth, min(2.0, 0.1 * float(depth.max())))
    peaks = peak_local_max(  # type: ignore[no-untyped-call]
        smooth, min_distance=1, num_peaks=count, labels=np.pad(mask, 1).astype(int)
    )
    if len(peaks) < count:
        raise UserError(
            f"Particle {particle} has {plural(len(peaks), 'thick part')}, not {count}.",
            "Cut it along a line instead.",
        )
    markers = np.zeros(depth.shape, np.int32)
    markers[tuple(peaks.T)] = np.arange(1, count + 1)
    pieces = watershed(-smooth, markers, mask=np.pad(mask, 1))[1:-1, 1:-1]  # type: ignore[no-untyped-call]
    pieces[mask & (pieces == 0)] = 1  # parts without a peak stay with the thickest
    return _pieces(labels, window, particle, pieces, np.ones(count + 1, np.int64))


def dense(labels: Labels) -> tuple[Labels, npt.NDArray[np.uint32]]:
    """Return labels numbered 1, 2, 3 ... in the order of their ids, and the old id of each (0 first); for export."""
    ids = np.unique(labels)
    ids = np.concatenate([np.zeros(1, np.uint32), ids[ids > 0]]).astype(np.uint32)
    return np.searchsorted(ids, labels).astype(np.uint32), ids


def _find(labels: Labels, particle: int, near: Window = EVERYWHERE) -> tuple[Window, Mask]:
    """Window and mask of a particle."""
    top, left = (axis.start or 0 for axis in near)
    mask = labels[near] == particle
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if particle < 1 or not len(rows):
        raise UserError(f"There is no particle {particle}.", "Select one in the image.")
    inner = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    rows, columns = rows + top, columns + left
    window = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    return window, mask[inner]


def _change(labels: Labels, window: tuple[slice, slice], mask: Mask, value: int) -> Change:
    before = labels[window].copy()
    after = before.copy()
    after[mask] = value
    return Change(window, before, after)


def _line(shape: tuple[int, ...], start: tuple[float, float], end: tuple[float, float]) -> Mask:
    """Pixels of a line without diagonal gaps."""
    length = int(np.ceil(4 * np.hypot(end[0] - start[0], end[1] - start[1]))) + 2
    rows = np.rint(np.linspace(start[0], end[0], length)).astype(int)
    columns = np.rint(np.linspace(start[1], end[1], length)).astype(int)
    rows, columns = np.concatenate([rows, rows[1:]]), np.concatenate([columns, columns[:-1]])
    inside = (rows >= 0) & (columns >= 0) & (rows < shape[0]) & (columns < shape[1])
    cut = np.zeros(shape, bool)
    cut[rows[inside], columns[inside]] = True
    return cut


def _nearest_piece(pieces: Ints, whole: Ints, mask: Mask) -> Ints:
    """Assign the pixels under the line to the nearest piece of the same connected part."""
    full = pieces.copy()
    for part in np.unique(whole[mask & (pieces == 0)]):
        here = whole == part
        seeds = here & (pieces > 0)
        if not seeds.any():  # a part thinner than the line
            full[here] = np.argmax(np.bincount(pieces[pieces > 0]))
            continue
        rows, columns = ndimage.distance_transform_edt(~seeds, return_distances=False, return_indices=True)
        full[here] = pieces[rows, columns][here]
    return full


def _pieces(
    labels: Labels,
    window: tuple[slice, slice],
    particle: int,
    pieces: Ints,
    owners: Ints,
) -> Change:
    """Give new ids to all pieces except the largest one and those of parts that were not cut."""
    before = labels[window].copy()
    after = before.copy()
    sizes = np.bincount(pieces[pieces > 0], minlength=len(owners))
    cut = np.bincount(owners[1:])[owners] > 1
    cut[0] = False
    candidates = np.flatnonzero(cut)
    keeps = candidates[np.argmax(sizes[candidates])]
    new = next_id(labels)
    for piece in candidates:
        if piece != keeps:
            after[pieces == piece] = new
            new += 1
    return Change(window, before, after)
