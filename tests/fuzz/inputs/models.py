"""Folders of a detector with spoiled files: refused, or the same particles."""

import json
import shutil
from pathlib import Path

import numpy as np

from fuzz.case import Case, Workshop
from fuzz.damage import spoil, spoil_data


def make(rng: np.random.Generator, folder: Path, workshop: Workshop) -> Case:
    shutil.copytree(workshop.model, folder / "model")
    files = sorted(path for path in (folder / "model").iterdir() if path.suffix in (".json", ".yaml", ".h5"))
    path = files[rng.integers(len(files))]
    if path.suffix == ".json" and rng.random() < 0.8:
        about, data = spoil_data(json.loads(path.read_text()), rng)
        path.write_text(json.dumps(data))
    elif path.suffix == ".h5" and rng.random() < 0.5:
        about = _weight(path, rng)
    elif rng.random() < 0.1:
        path.unlink()
        about = "missing"
    else:
        about, content = spoil(path.read_bytes(), rng)
        path.write_bytes(content)
    words = ["measure", "model", "../small.tif", "--out", "out", "--no-reports"]
    return Case(f"{path.name}: {about}", words)


def _weight(path: Path, rng: np.random.Generator) -> str:
    import h5py

    value = float(rng.choice([np.nan, np.inf, -np.inf]))
    with h5py.File(path, "r+") as file:
        names: list[str] = []
        file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        array = file[names[rng.integers(len(names))]]
        array[(0,) * array.ndim] = value
    return f"a weight of {value}"
