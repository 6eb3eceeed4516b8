"""Make the sample data: `uv run sample_data/make.py`.

A master micrograph of shaded spheres on grainy carbon is computed here; everything the demo sees is drawn from
it by the cut-paste recipe, so that all true sizes are known.
"""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter

from particleforge.draws import Uniform
from particleforge.micrograph import Micrograph
from particleforge.recipes.cutpaste.recipe import CutPaste
from particleforge.recipes.recipe import make_sample
from particleforge.sample import Sample
from particleforge.store.annotated import write_annotated
from particleforge.store.labels import border_ids

HERE = Path(__file__).resolve().parent / "spheres"
SIDE = 512
PIXEL_SIZE_NM = 1.2


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
    """Keep ten labelled particles and a few background strokes, as a person would annotate."""
    whole = np.setdiff1d(np.unique(sample.labels), np.append(border_ids(sample.labels), 0))
    kept = np.where(np.isin(sample.labels, rng.choice(whole, particles, replace=False)), sample.labels, 0)
    known = kept > 0
    rows, columns = np.indices(known.shape)
    for _ in range(strokes):
        room = distance_transform_edt((sample.labels == 0) & ~known)
        y, x = (places := np.argwhere(room > 10))[rng.integers(len(places))]
        known |= np.hypot(rows - y, columns - x) <= 9
    return replace(sample, labels=kept.astype(np.uint32), known=known)


def main() -> None:
    """Write an annotated image, and three more with their true labels."""
    shutil.rmtree(HERE, ignore_errors=True)
    rng = np.random.default_rng(7)
    recipe = CutPaste(
        particles=Uniform(low=35, high=60), clustering=Uniform(low=0.1, high=0.5), height_px=384, width_px=384
    )
    material = recipe.prepare([master(rng)])
    samples = [make_sample(recipe, material, 7, i) for i in range(4)]
    named = [replace(s, micrograph=replace(s.micrograph, name=f"spheres_{i}")) for i, s in enumerate(samples)]
    HERE.mkdir(parents=True)
    write_annotated(HERE / "annotated", [partly(named[0], rng)])
    write_annotated(HERE / "more", named[1:])


if __name__ == "__main__":
    main()
