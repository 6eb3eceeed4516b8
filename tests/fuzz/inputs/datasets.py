"""Datasets that lost or changed a file: the same samples are exported, or it is said."""

import hashlib
import shutil
from pathlib import Path

import numpy as np

from fuzz.case import Case, Workshop
from fuzz.damage import spoil
from fuzz.serve import Outcome


def make(rng: np.random.Generator, folder: Path, workshop: Workshop) -> Case:
    shutil.copytree(workshop.dataset, folder / "made.zarr")
    files = sorted(path for path in (folder / "made.zarr").rglob("*") if path.is_file())
    path = files[rng.integers(len(files))]
    if rng.random() < 0.25:
        path.unlink()
        about = "missing"
    else:
        about, content = spoil(path.read_bytes(), rng)
        path.write_bytes(content)
    name = str(path.relative_to(folder))

    def judge(outcome: Outcome, at: Path) -> str:
        if outcome.code:
            return ""
        expected = contents(workshop.dataset.parent / "exported")
        return "" if contents(at / "out") == expected else "silent difference: other samples were exported"

    return Case(f"{name} {about}", ["export", "made.zarr", "out", "--format", "coco"], judge)


def contents(folder: Path) -> dict[str, str]:
    """Hash of every file in a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
