"""Recipes and parameters in YAML with hostile values, depths, sizes and texts."""

from pathlib import Path

import numpy as np
import yaml

from fuzz.case import Case, Workshop
from fuzz.damage import spoil, spoil_data

RECIPES = [
    "kind: shapes\nheight_px: 64\nwidth_px: 64\n",
    "kind: shapes\nheight_px: 64\nwidth_px: 64\ncoverage: 0.2\nfirst: {diameter_px: 'uniform(6, 12)', gsd: 1.2}\n",
    "kind: batches\nrecipe: {kind: shapes, height_px: 64, width_px: 64}\n",
]
TEXTS = {
    "alias bomb": "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 10)),
    "deep": "kind: shapes\nx: " + "[" * 5000 + "]" * 5000,
    "digits": f"kind: shapes\nheight_px: {'9' * 5000}\nwidth_px: 64\n",
    "loop": "a: &a {kind: shapes, b: *a}\n<<: *a\n",
    "tag": "!!python/object/apply:os.system ['echo gotcha']\n",
    "no mapping": "- 1\n- 2\n",
    "two documents": "kind: shapes\n---\nkind: warp\n",
    "twice": "kind: shapes\nkind: warp\nheight_px: 64\nwidth_px: 64\n",
    "date": "kind: shapes\nheight_px: 2020-01-01\n",
    "not text": "\x00\x01\xff",
    "huge": "kind: shapes\nheight_px: 1e9\nwidth_px: 1e9\n",
    "keys": "? [1, 2]\n: 3\nkind: shapes\n",
}


def make(rng: np.random.Generator, folder: Path, workshop: Workshop) -> Case:
    choice = rng.random()
    if choice < 0.25:
        about = str(rng.choice(list(TEXTS)))
        text = TEXTS[about].encode("latin-1")
    elif choice < 0.4:
        about, text = spoil(RECIPES[rng.integers(len(RECIPES))].encode(), rng)
    else:
        about, data = spoil_data(yaml.safe_load(RECIPES[rng.integers(len(RECIPES))]), rng, int(rng.integers(1, 3)))
        text = yaml.safe_dump(data, allow_unicode=True).encode("utf-8", "backslashreplace")
    (folder / "r.yaml").write_bytes(text)
    words = ["synthesize", "r.yaml", "--out", "made.zarr", "--count", "2"]
    if rng.random() < 0.2:
        words = ["measure", "threshold", "../picture.tif", "--out", "out", "--no-reports", "--params", "r.yaml"]
    return Case(about, words)
