"""Make the sample data: `uv run sample_data/make.py`; add `spheres` or `rods` to make only one of them.

Spheres: a master micrograph of shaded spheres on grainy carbon is computed here; all images of the demo are drawn from
it by the cut-paste recipe, so that all true sizes are known.
Rods: drawn from `rods/recipe.yaml`, with a burnt-in scale bar in a footer, as added by microscopes.
"""

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import distance_transform_edt, gaussian_filter

from particleforge.draws import Uniform
from particleforge.micrograph import Micrograph
from particleforge.recipes.any import read_recipe
from particleforge.recipes.cutpaste.recipe import CutPaste
from particleforge.recipes.recipe import make_sample
from particleforge.sample import Sample
from particleforge.store.annotated import write_annotated
from particleforge.store.files import new_part
from particleforge.store.labels import border_ids, write_labels
from particleforge.store.micrographs import write_micrograph

HERE = Path(__file__).resolve().parent
SIDE = 512
PIXEL_SIZE_NM = 1.2
BAR_PX, BAR_TEXT, FOOTER_PX = 125, "100 nm", 28


def master(rng: np.random.Generator) -> Sample:
    """Spheres with bright edges, log-normal sizes (median 26 px, GSD 1.2), none overlapping."""
    image = 70 + 9 * gaussian_filter(rng.standard_normal((SIDE, SIDE)), 6) / 0.047 * 0.5
    labels = np.zeros((SIDE, SIDE), np.uint32)
    rows, columns = np.indices(labels.shape)
    for radius in np.sort(13 * np.exp(np.log(1.2) * rng.standard_normal(45)))[::-1]:
        room = distance_transform_edt(np.pad(labels == 0, 1))[1:-1, 1:-1]
        places = np.argwhere(room > radius + 3)
        y, x = places[rng.integers(len(places))]
        rho = np.hypot(rows - y, columns - x) / radius
        inside = rho <= 1
        tilt = np.sqrt(np.clip(1 - rho**2, 0, 1))
        shade = 120 + 55 * (1 - tilt) ** 2 + 8 * (columns - x) / radius
        image[inside] = shade[inside]
        labels[inside] = labels.max() + 1
    image = gaussian_filter(image, 0.8) + 5 * rng.standard_normal(labels.shape)
    pixels = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    return Sample(Micrograph(pixels, (PIXEL_SIZE_NM, PIXEL_SIZE_NM), name="master"), labels)


def partly(sample: Sample, rng: np.random.Generator, particles: int = 10, strokes: int = 6) -> Sample:
    """Keep ten labelled particles and a few background strokes, like an annotation by hand."""
    whole = np.setdiff1d(np.unique(sample.labels), np.append(border_ids(sample.labels), 0))
    kept = np.where(np.isin(sample.labels, rng.choice(whole, particles, replace=False)), sample.labels, 0)
    known = kept > 0
    rows, columns = np.indices(known.shape)
    for _ in range(strokes):
        room = distance_transform_edt((sample.labels == 0) & ~known)
        y, x = (places := np.argwhere(room > 10))[rng.integers(len(places))]
        known |= np.hypot(rows - y, columns - x) <= 9
    return replace(sample, labels=kept.astype(np.uint32), known=known)


def with_bar(pixels: np.ndarray) -> np.ndarray:
    """Put a black footer with a scale bar below an image."""
    width = pixels.shape[1]
    footer = Image.new("L", (width, FOOTER_PX), 0)
    pen = ImageDraw.Draw(footer)
    left, top = width - BAR_PX - 12, FOOTER_PX // 2 - 2
    pen.rectangle((left, top, left + BAR_PX - 1, top + 3), 255)
    pen.text((left - 10, FOOTER_PX // 2), BAR_TEXT, 255, ImageFont.load_default(16), "rm")
    return np.vstack([pixels, np.asarray(footer)])


def spheres() -> None:
    """Write an annotated image, and three more with their true labels."""
    folder = HERE / "spheres"
    shutil.rmtree(folder, ignore_errors=True)
    rng = np.random.default_rng(7)
    recipe = CutPaste(
        particles=Uniform(low=35, high=60), clustering=Uniform(low=0.1, high=0.5), height_px=384, width_px=384
    )
    prepared = recipe.prepare([master(rng)])
    samples = [make_sample(recipe, prepared, 7, i) for i in range(4)]
    named = [replace(s, micrograph=replace(s.micrograph, name=f"spheres_{i}")) for i, s in enumerate(samples)]
    folder.mkdir(parents=True)
    write_annotated(folder / "annotated", [partly(named[0], rng)])
    write_annotated(folder / "more", named[1:])


def rods() -> None:
    """Write one image with its true labels."""
    folder = HERE / "rods"
    for part in ("images", "labels"):
        shutil.rmtree(folder / part, ignore_errors=True)
    recipe = read_recipe(str(folder / "recipe.yaml"))
    sample = make_sample(recipe, recipe.prepare(()), 5, 0)
    labels = np.pad(sample.labels, ((0, FOOTER_PX), (0, 0)))
    micrograph = Micrograph(with_bar(sample.micrograph.pixels), name="rods")
    write_micrograph(new_part(folder, "images") / "rods.tif", micrograph)
    write_labels(new_part(folder, "labels") / "rods.tif", labels)


if __name__ == "__main__":
    for make in (spheres, rods):
        if make.__name__ in (sys.argv[1:] or ["spheres", "rods"]):
            make()
