"""Draw the contact sheet of the ready rendered recipes: ``python docs/make_render_sheet.py``."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import particleforge.recipes.render
from particleforge.recipes.any import read_recipe
from particleforge.recipes.named import names
from particleforge.recipes.recipe import make_sample

PRESETS = Path(particleforge.recipes.render.__file__).parent / "presets"
OUT = Path(__file__).parent / "images" / "render_recipes.jpg"
TILE, COLUMNS, TITLE = 256, 5, 20


def main() -> None:
    """Draw sample 0 of seed 1 of every recipe."""
    recipes = names(PRESETS)
    rows = -(-len(recipes) // COLUMNS)
    sheet = Image.new("L", (COLUMNS * TILE, rows * (TILE + TITLE)), 255)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    for k, name in enumerate(recipes):
        recipe = read_recipe(name)
        sample = make_sample(recipe, recipe.prepare([]), 1, 0)
        corner = k % COLUMNS * TILE, k // COLUMNS * (TILE + TITLE)
        pen.text((corner[0] + 4, corner[1] + 2), name, 0, font)
        sheet.paste(Image.fromarray(np.asarray(sample.micrograph.pixels)), (corner[0], corner[1] + TITLE))
    sheet.save(OUT, quality=80)


if __name__ == "__main__":
    main()
