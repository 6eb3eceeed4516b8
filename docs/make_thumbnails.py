"""Draw the small pictures of the ready recipes, next to their files: ``python docs/make_thumbnails.py``."""

import numpy as np
from PIL import Image

from particleforge.recipes.any import presets, read_recipe
from particleforge.recipes.recipe import make_sample

SIDE_PX, QUALITY = 128, 70
DARKEST, BRIGHTEST = 0.2, 99.8
"""Percentiles that become black and white."""


def main() -> None:
    """Draw sample 0 of seed 1 of every recipe."""
    for name, path in sorted(presets().items()):
        recipe = read_recipe(name)
        sample = make_sample(recipe, recipe.prepare([]), 1, 0)
        grey = np.asarray(sample.micrograph.pixels, float)
        low, high = np.percentile(grey, (DARKEST, BRIGHTEST))
        picture = Image.fromarray(np.rint(np.clip((grey - low) / (high - low), 0, 1) * 255).astype(np.uint8))
        picture.resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS).save(path.with_suffix(".jpg"), quality=QUALITY)


if __name__ == "__main__":
    main()
