"""Make the first detection of a process as quick as the others."""

import numpy as np

from particleforge.micrograph import Micrograph
from particleforge.models.opening import open_model
from particleforge.step import run

MODEL, SIDE_PX = "base", 64


def warm_up() -> None:
    """Load the libraries of the built-in detector, and compile what it needs, by a search in a tiny image."""
    detector = open_model(MODEL, "detector")
    grey = np.random.default_rng(0).integers(0, 255, (SIDE_PX, SIDE_PX)).astype(np.uint8)
    run(detector.steps(Micrograph(grey, name="tiny"), detector.Options()))
