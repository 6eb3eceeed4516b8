"""One picture in every format, type and spelling: always the same sizes in nm."""

from pathlib import Path

import numpy as np

from fuzz.case import MEASURE, Case, Workshop, on, right
from fuzz.formats import WRITERS


def make(rng: np.random.Generator, folder: Path, workshop: Workshop) -> Case:
    nm = float(f"{10 ** rng.uniform(-1.5, 4):.4g}")
    write = WRITERS[rng.integers(len(WRITERS))]
    name = write(workshop.picture, nm, rng, folder / "sound")
    return Case(f"{name} of {nm} nm", on(MEASURE, name), right(workshop.count, workshop.mean_px * nm))
