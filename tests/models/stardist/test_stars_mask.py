import numpy as np

from particleforge.models.stardist.stars import Stars


def test_masks_are_what_is_painted():
    rng = np.random.default_rng(0)
    points = np.array([[20.0, 30.0], [5.0, 2.0], [40.5, 50.2]])
    stars = Stars(points, rng.uniform(6, 9, (3, 32)).astype(np.float32))
    for index in range(3):
        alone = stars.only(np.array([index])).paint((48, 60), np.ones(1, np.float32)) > 0
        mask = stars.mask(index, (48, 60))
        shown = np.zeros_like(alone)
        shown[mask.window] = mask.pixels
        assert (shown != alone).sum() <= 2
