"""How far the specimen has moved in each frame of a movie."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from particleforge.measurement.arrays import Floats
from particleforge.measurement.picture import reduced, step_between

COMPARED, FAR = 10, 0.1
"""Up to ten frames are compared with the same one, as errors add up; fewer if it moves by a tenth of the side."""
PART = 20
"""Drift is measured in twentieths of a pixel."""
_MOST_PX = 1024


def drifts(frames: Sequence[Callable[[], npt.NDArray[np.bool_]]]) -> Iterator[tuple[Floats, float]]:
    """Measure the drift since the first frame by the cross-correlation of particles.

    Their masks are compared instead of the images: these have noise, and marks of the camera that do not drift. A frame
    without particles has the drift of the one before it.

    Parameters
    ----------
    frames
        Functions that return the (Y, X) pixels of each frame that show a particle; all of the same shape.

    Yields
    ------
    drift, correlation
        (x, y) in px, and the correlation with the frame it was compared with, NaN where nothing could be compared.
    """
    from skimage.registration import phase_cross_correlation

    reference: Floats | None = None
    start = drift = np.zeros(2)
    compared = 0
    for read in frames:
        mask = read()
        step = step_between(mask.shape, _MOST_PX)
        picture = reduced(mask.astype(float), step)
        picture = picture - picture.mean()
        correlation = np.nan
        if picture.any() and reference is not None:
            shift, error, _ = phase_cross_correlation(  # type: ignore[no-untyped-call]
                reference, picture, upsample_factor=PART * step, normalization=None
            )
            drift = start - step * np.asarray(shift, float)[::-1]
            correlation = float(np.sqrt(max(0.0, 1 - float(error) ** 2)))
            compared += 1
        far = np.abs(drift - start).max() > FAR * min(mask.shape)
        if picture.any() and (reference is None or compared == COMPARED or far):
            reference, start, compared = picture, drift, 0
        yield drift, correlation
