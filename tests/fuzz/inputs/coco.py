"""COCO files with hostile values: every annotation is found again, or named."""

import json
from pathlib import Path

import numpy as np
import tifffile

from fuzz.case import Case, Workshop
from fuzz.damage import spoil, spoil_data
from fuzz.serve import Outcome


def _sound(rng: np.random.Generator) -> dict[str, object]:
    def square(x: int, y: int, side: int) -> list[int]:
        return [x, y, x + side, y, x + side, y + side, x, y + side]

    outlines = [square(5, 5, 12), square(30, 8, 9), square(8, 40, 15), square(40, 40, 10)]
    return {
        "images": [{"id": 1, "file_name": "a.tif", "height": 64, "width": 64}],
        "categories": [{"id": 1, "name": "particle"}],
        "annotations": [
            {"id": i, "image_id": 1, "category_id": 1, "iscrowd": 0, "segmentation": [outline], "area": 99,
             "bbox": [0, 0, 9, 9]}
            for i, outline in enumerate(outlines, start=1)
        ],
    }  # fmt: skip


def make(rng: np.random.Generator, folder: Path, workshop: Workshop) -> Case:
    data = _sound(rng)
    about, text = "sound", json.dumps(data)
    if rng.random() < 0.75:
        about, data = spoil_data(data, rng, int(rng.integers(1, 3)))
        text = json.dumps(data)
    elif rng.random() < 0.8:
        about, content = spoil(text.encode(), rng)
        text = content.decode("latin-1")
    inside = folder / "in"
    (inside / "images").mkdir(parents=True)
    (inside / "instances.json").write_text(text, encoding="utf-8", errors="backslashreplace")
    tifffile.imwrite(inside / "images" / "a.tif", workshop.picture[:64, :64])

    def judge(outcome: Outcome, at: Path) -> str:
        if outcome.code:
            return "a sound file was refused" if about == "sound" else ""
        if about == "sound" and "4" not in outcome.out + outcome.err:
            return _labels(at, 4)
        if (
            len(outcome.out.split("\n")) > 3 or not isinstance(data, dict) or "iscrowd" in about
        ):  # crowds are no particles
            return ""
        return _labels(at, len(data["annotations"]))

    return Case(about, ["import", "in", "made.zarr", "--format", "coco"], judge)


def _labels(at: Path, expected: int) -> str:
    from particleforge.store.dataset import Dataset

    found = int(np.count_nonzero(np.unique(Dataset.open(at / "made.zarr")[0].labels) > 0))
    return "" if found == expected else f"{found} particles of {expected} annotations, without a word"
