"""A picture in any format, its bytes spoiled.

Bits that turn in plain pixels or in a stated size make another sound file; so figures are judged where content was cut
off only.
"""

from pathlib import Path

import numpy as np

from fuzz.case import MEASURE, Case, Workshop, figures, has_spoken, on, right_or_said
from fuzz.damage import spoil
from fuzz.formats import WRITERS
from fuzz.serve import Outcome


def make(rng: np.random.Generator, folder: Path, workshop: Workshop) -> Case:
    name = WRITERS[rng.integers(len(WRITERS))](workshop.picture, 2.0, rng, folder / "a")
    path = folder / name
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    path = files[rng.integers(len(files))]
    if len(files) > 1 and rng.random() < 0.3:
        path.unlink()
        way = f"without {path.name}"
    else:
        way, content = spoil(path.read_bytes(), rng)
        path.write_bytes(content)
    cut = way.startswith(("cut", "empty", "without"))
    judge = right_or_said(workshop.count, workshop.mean_px * 2) if cut else _any
    return Case(f"{name} {way}", on(MEASURE, name), judge)


def _any(outcome: Outcome, folder: Path) -> str:
    """Figures must at least be there and finite, if nothing was said."""
    if has_spoken(outcome, folder):
        return ""
    count, mean = figures(folder, "px")
    return "" if count == 0 or mean > 0 else f"{count} particles of {mean} px"
