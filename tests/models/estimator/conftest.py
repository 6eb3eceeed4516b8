import numpy as np
import pandas as pd
import pytest

from particleforge.micrograph import Micrograph
from particleforge.models.estimator.train_params import EstimatorParams
from particleforge.sample import Sample

TINY = {
    "minutes": None,
    "steps": 12,
    "validations": 3,
    "batch_size": 16,
    "learning_rate": 0.01,
    "prepare": {"pool": 1},
    "network": {"convolutions": [1, 1], "channels": [4, 8], "hidden": 16, "features": 16},
    "targets": [{"kind": "regression", "parameter": "disc"}],
}
ROWS, COLUMNS = np.indices((16, 16)) - 7.5


def disc(radius, rng, grey=0.8, pixel_size_nm=1.0):
    """A disc on dark ground with a little noise, and what is known of it."""
    inside = np.hypot(ROWS, COLUMNS) < radius
    pixels = (0.2 + (grey - 0.2) * inside + 0.02 * rng.standard_normal(inside.shape)).astype(np.float32)
    picture = Micrograph(pixels, (pixel_size_nm, pixel_size_nm), name="disc")
    truth = pd.DataFrame({"seen": [radius - 0.5, radius + 0.5], "of": ["gold", "silver"]})
    return Sample(picture, inside.astype(np.uint32), truth=truth, recipe={"kind": "test", "disc": radius})


@pytest.fixture(scope="session")
def make_disc():
    return disc


@pytest.fixture(scope="session")
def discs():
    """Some of them as small or large as can be."""
    rng = np.random.default_rng(0)
    return [disc(float(radius), rng) for radius in [*rng.uniform(2, 8, 120), *[2, 8] * 10]]


@pytest.fixture(scope="session")
def params():
    return lambda **changes: EstimatorParams.parse(TINY | changes)
