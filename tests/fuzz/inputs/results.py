"""Results folders that were cut, edited or mixed up, and are measured again: the same figures, or a sentence.

Figures are not judged where single numbers within a table were changed, which is as if somebody had edited it.
"""

import json
import shutil
from pathlib import Path

import numpy as np

from fuzz.case import MEASURE, Case, Workshop, differs, on
from fuzz.damage import spoil, spoil_data
from fuzz.serve import Outcome


def make(rng: np.random.Generator, folder: Path, workshop: Workshop) -> Case:
    shutil.copytree(workshop.results, folder / "out")
    shutil.copy(workshop.results.parent / "picture.tif", folder / "picture.tif")
    files = sorted(path for path in (folder / "out").rglob("*") if path.is_file())
    path = files[rng.integers(len(files))]
    name = str(path.relative_to(folder))
    if path.suffix == ".json" and rng.random() < 0.6:
        about, data = spoil_data(json.loads(path.read_text()), rng)
        path.write_text(json.dumps(data))
    elif rng.random() < 0.3:
        path.unlink()
        about = "missing"
    else:
        about, content = spoil(path.read_bytes(), rng)
        path.write_bytes(content)

    def judge(outcome: Outcome, at: Path) -> str:
        if outcome.code:
            return ""
        if path.suffix == ".csv" and about.startswith(("flipped", "noise", "head", "zeros")):
            return ""
        wrong = differs(at, workshop.count, workshop.mean_px)
        rows = (at / "out" / "particles.csv").read_text(errors="replace").strip().count("\n")
        return (
            f"silent difference: {wrong}"
            if wrong
            else ""
            if rows == workshop.count
            else f"{rows} rows in particles.csv"
        )

    return Case(f"{name} {about}", on(MEASURE, "picture.tif"), judge)
