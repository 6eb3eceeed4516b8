"""Write the picture of the page on aggregates: ``python docs/make_aggregates.py``."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from particleforge.recipes.any import read_recipe
from particleforge.recipes.recipe import make_sample

SIDE_PX = 256
ROWS = (("aggregate", "compact", "chains"), ("soot", "dlca", "sintered"))


def picture(name: str) -> npt.NDArray[np.uint8]:
    """A sample of a recipe, and its labels in shades next to it."""
    recipe = read_recipe(name)
    size = recipe.pixel_size_nm * 512 / SIDE_PX
    sample = make_sample(recipe.replace(height_px=SIDE_PX, width_px=SIDE_PX, pixel_size_nm=size), None, 1, 1)
    pixels = sample.micrograph.pixels
    low, high = np.percentile(pixels, (0.1, 99.8))
    grey = 255 * np.clip((pixels - low) / (high - low), 0, 1) ** 0.7
    shades = np.where(sample.labels > 0, 70 + sample.labels * 61 % 186, 0)
    return np.hstack([grey, shades]).astype(np.uint8)


if __name__ == "__main__":
    montage = np.vstack([np.hstack([picture(name) for name in row]) for row in ROWS])
    Image.fromarray(montage).save(Path(__file__).parent / "images" / "aggregates.png", optimize=True)
