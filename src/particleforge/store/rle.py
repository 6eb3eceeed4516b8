"""Run-length encoding of masks as COCO defines it.

Runs follow the columns downwards and alternate between outside and inside, starting with outside. As text each run is
written in groups of five bits, lowest first, from the fourth run on as the difference to the run two before.
Format: https://github.com/cocodataset/cocoapi, common/maskApi.h.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
_GROUPS = 13
"""Number of groups of five bits that can store 64 bits."""


def instance_pixels(labels: npt.NDArray[np.integer]) -> Iterator[tuple[int, Ints]]:
    """Yield each id above 0 with the sorted positions of its pixels, counted column by column."""
    flat = labels.T.ravel()
    positions = np.flatnonzero(flat)
    order = np.argsort(flat[positions], kind="stable")
    positions = positions[order]
    ids, first = np.unique(flat[positions], return_index=True)
    if ids.size:
        yield from zip(ids.tolist(), np.split(positions, first[1:]), strict=True)


def runs_of(pixels: Ints, size: int) -> Ints:
    """Lengths of the runs of a mask of `size` pixels in all, given its sorted positions."""
    if not pixels.size:
        return np.array([size], np.int64)
    breaks = np.flatnonzero(np.diff(pixels) > 1)
    starts, ends = pixels[np.r_[0, breaks + 1]], pixels[np.r_[breaks, -1]] + 1
    edges = np.r_[0, np.column_stack([starts, ends]).ravel(), size]
    runs = np.diff(edges)
    return runs[:-1] if runs[-1] == 0 else runs


def pixels_of(runs: Ints) -> Ints:
    """Sorted positions of the pixels inside, from run lengths."""
    lengths = runs[1::2]
    starts = np.cumsum(runs)[0::2][: lengths.size]
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(lengths.sum())


def to_text(runs: Ints) -> str:
    """Run lengths as COCO's compressed text."""
    values = runs.astype(np.int64)
    values[3:] -= runs[1:-2]
    shifts = 5 * np.arange(_GROUPS)
    groups = (values[:, None] >> shifts) & 31
    rest = values[:, None] >> np.minimum(shifts + 5, 63)
    complete = rest == np.where(groups & 16, -1, 0)
    last = complete.argmax(axis=1)[:, None]
    column = np.arange(_GROUPS)
    letters = groups + 48 + 32 * (column < last)
    return bytes(letters[column <= last].astype(np.uint8)).decode("ascii")


def from_text(text: str) -> Ints:
    """Run lengths from COCO's compressed text.

    Raises
    ------
    ValueError
        If the text is not a run-length encoding.
    """
    letters = np.frombuffer(text.encode("utf-8", "backslashreplace"), np.uint8).astype(np.int64) - 48
    if not letters.size or letters.min() < 0 or letters.max() > 63 or letters[-1] & 32:
        raise ValueError(f"{text[:20]!r} is not a run-length encoding")
    ends = np.flatnonzero((letters & 32) == 0)
    starts = np.r_[0, ends[:-1] + 1]
    lengths = ends - starts + 1
    if lengths.max() > _GROUPS - 1:
        raise ValueError(f"{text[:20]!r} contains a run that is too long")
    place = np.arange(letters.size) - np.repeat(starts, lengths)
    values = np.add.reduceat((letters & 31) << (5 * place), starts)
    values = np.where(letters[ends] & 16, values - (1 << (5 * lengths)), values)
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    return values


def decode(counts: str | Sequence[int], size: int) -> Ints:
    """Sorted positions of a mask's pixels from COCO's ``counts``, text or list.

    Raises
    ------
    ValueError
        If the runs are negative or do not fill `size` pixels.
    """
    runs = from_text(counts) if isinstance(counts, str) else np.asarray(counts, np.int64)
    if (runs < 0).any() or (runs > size).any() or runs.sum() != size:
        raise ValueError(f"run lengths sum to {sum(runs.tolist())}, the image has {size} pixels")
    return pixels_of(runs)
