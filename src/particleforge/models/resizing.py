"""Resize windows of an image with the weights of the whole."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


class ResizedAxis:
    """One axis of an image that is resized linearly, smoothed first where it shrinks.

    What a pixel of the resized image takes from which pixels depends on the lengths of the whole axis only. So windows
    are equal to the same part of the whole image, as `rescale` resizes it: torch computes in 32 bits, and so does this.

    Parameters
    ----------
    length, resized
        Number of pixels before and after.
    """

    def __init__(self, length: int, resized: int) -> None:
        self.length, self.resized = length, resized
        self._step = np.float32(length) / np.float32(resized)
        self._support = max(self._step, np.float32(1))

    def source(self, wanted: Ints) -> slice:
        """Pixels that some pixels of the resized axis are made from."""
        first, last = self._reach(np.array([wanted.min(), wanted.max()]))
        return slice(int(first[0]), int(last[1]))

    def apply(self, image: Floats, wanted: Ints) -> Floats:
        """Resize the first axis of an image.

        Parameters
        ----------
        image
            What `source` names of the image.
        wanted
            Pixels of the resized axis, in any order.
        """
        if self.resized == self.length:
            return np.asarray(image[wanted - self.source(wanted).start])
        from scipy.sparse import csr_array

        first, last = self._reach(wanted)
        taps = int((last - first).max())
        columns = first[:, None] + np.arange(taps)
        away = np.abs(columns.astype(np.float32) - self._centre(wanted)[:, None] + np.float32(0.5)) / self._support
        weights = np.where(columns < last[:, None], np.maximum(1 - away, 0), 0)
        weights /= weights.sum(1, keepdims=True)
        columns = np.minimum(columns, last[:, None] - 1) - self.source(wanted).start
        ends = np.arange(len(wanted) + 1) * taps
        matrix = csr_array((weights.astype(np.float32).ravel(), columns.ravel(), ends), shape=(len(wanted), len(image)))
        return np.asarray(matrix @ image, np.float32)

    def _centre(self, wanted: Ints) -> Floats:
        """Middle of each pixel of the resized axis, in pixels from the edge of the image."""
        return np.asarray(self._step * (wanted.astype(np.float32) + np.float32(0.5)), np.float32)

    def _reach(self, wanted: Ints) -> tuple[Ints, Ints]:
        """First pixel that counts for each, and the one after the last."""
        centre, half = self._centre(wanted), np.float32(0.5)
        first = np.maximum((centre - self._support + half).astype(np.int64), 0)
        return first, np.minimum((centre + self._support + half).astype(np.int64), self.length)
