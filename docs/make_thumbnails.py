"""Draw the small pictures of the ready recipes that napari shows: ``python docs/make_thumbnails.py``."""

from pathlib import Path

import numpy as np
from PIL import Image

import particleforge
from particleforge.recipes.any import PRESETS, read_recipe
from particleforge.recipes.recipe import make_sample

OUT = Path(particleforge.__file__).parent / "widgets" / "synthesize" / "thumbnails"
SIDE_PX, QUALITY = 128, 70
DARKEST, BRIGHTEST = 0.2, 99.8
"""Percentiles that become black and white."""


def main() -> None:
    """Draw sample 0 of seed 1 of every recipe."""
    OUT.mkdir(exist_ok=True)
    for name in sorted(PRESETS):
        recipe = read_recipe(name)
        sample = make_sample(recipe, recipe.prepare([]), 1, 0)
        grey = np.asarray(sample.micrograph.pixels, float)
        low, high = np.percentile(grey, (DARKEST, BRIGHTEST))
        picture = Image.fromarray(np.rint(np.clip((grey - low) / (high - low), 0, 1) * 255).astype(np.uint8))
        picture.resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS).save(OUT / f"{name}.jpg", quality=QUALITY)


if __name__ == "__main__":
    main()
