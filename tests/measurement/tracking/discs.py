"""Movies of drawn discs that grow."""

import numpy as np


def growing(seed, frames=16, side=200, count=40, rate=0.2, drift=(0.0, 0.0), noise=0.01, spread=0.1, missing=0.0):
    """Stack of labels of discs whose diameters grow by `rate` px per frame, numbered in another order in each frame."""
    rng = np.random.default_rng(seed)
    places = []
    while len(places) < count:
        place = rng.uniform(-5, side + 5, 2)
        if all(np.hypot(*(place - other)) > 22 for other in places):
            places.append(place)
    first, rates = rng.uniform(8, 14, count), rate * (1 + spread * rng.normal(size=count))
    rows, columns = np.mgrid[:side, :side]
    labels = np.zeros((frames, side, side), np.uint16)
    for frame in range(frames):
        for label, which in enumerate(rng.permutation(count), 1):
            y, x = places[which] + np.array(drift)[::-1] * frame
            radius = (first[which] + rates[which] * frame) / 2 * (1 + noise * rng.normal())
            if rng.random() >= missing:
                window = tuple(slice(max(0, int(c - radius - 1)), max(0, int(c + radius + 2))) for c in (y, x))
                inside = (rows[window] - y) ** 2 + (columns[window] - x) ** 2 <= radius**2
                labels[frame][window][inside] = label
    return labels
