"""Noise with a chosen spectrum."""

import numpy as np

from particleforge.recipes.clutter.clutter import Floats, Shape


def filtered_noise(
    shape: Shape,
    size_px: float,
    rng: np.random.Generator,
    stretch: float = 1.0,
    angle: float = 0.0,
    *,
    even: bool = False,
) -> Floats:
    """(Y, X) noise of standard deviation 1 with bumps about `size_px` wide, which repeats at the border.

    Parameters
    ----------
    shape
        Height and width.
    size_px
        Width of the bumps across.
    rng
        Chooses the noise.
    stretch
        Ratio of their length to their width.
    angle
        Direction along them in radians, from the x axis.
    even
        Whether all bumps have about the same size and distance, as in a band-pass.
    """
    white = np.fft.rfft2(rng.standard_normal(shape, np.float32))
    fy, fx = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None]
    along, across = fx * np.cos(angle) + fy * np.sin(angle), fy * np.cos(angle) - fx * np.sin(angle)
    squared = ((along * stretch) ** 2 + across**2) * size_px**2
    if even:  # twice the width is the distance of neighbours
        gain = np.exp(-((np.sqrt(squared) - 0.5) ** 2) / (2 * 0.13**2))
    else:
        gain = np.exp(-(np.pi**2) * squared / 4)
    gain[0, 0] = 0
    noise = np.fft.irfft2(white * gain, shape)
    return np.asarray(noise / (noise.std() + 1e-12), np.float32)
